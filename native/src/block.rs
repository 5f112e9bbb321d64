//! A block of lines to columns of events: the Python objects that `kittiwake.input.bulk` makes of them too.

use std::ops::RangeInclusive;

use memchr::memchr_iter;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyList, PyString};

use crate::arrow::ArrowRows;
use crate::record::{readable, readable_text, record_of, Record, LINE_BYTES_MAX};
use crate::sorts::{Kept, Sort, Sorts};

/// What keeps events here instead of handing them over in columns.
pub trait Keeper {
    /// What it remembers of sorts.
    fn sorts(&mut self) -> &mut Sorts;

    /// Under which numbers it keeps events of an account and a type; None: it does not.
    fn keeper(&mut self, account_id: &Bound<'_, PyString>, name: &str, event_type: &str) -> PyResult<Option<Kept>>;

    /// Keep an event; false: it is not kept.
    fn keep(&mut self, kept: Kept, record: &Record<'_>) -> PyResult<bool>;
}

/// What comes of a block, in the order of `kittiwake.input.native.blocks`.
pub type Found<'py> = (Columns<'py>, usize, i64, Vec<usize>, Vec<(Bound<'py, PyString>, Bound<'py, PyString>)>, usize);

/// Earlier than any time: that of the newest of no events.
const BEFORE_ALL_US: i64 = -(1 << 62);

/// Accounts, contacts, times, ids, types and properties of events.
pub type Columns<'py> = (
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
);

/// Where the events of a block go: to who keeps them, into columns, or nowhere.
pub struct Sorting<'b, 'py> {
    py: Python<'py>,
    /// From an account to the types that are wanted there; None: all are.
    wants: Option<&'b Bound<'py, PyAny>>,
    keeper: Option<&'b mut dyn Keeper>,
    sorts: &'b mut Sorts,
    rows: Rows<'py>,
    nothing: Bound<'py, PyBytes>,
    /// How many are kept.
    kept: usize,
}

impl<'b, 'py> Sorting<'b, 'py> {
    /// `sorts`: what is remembered of what `wants` and `keeper` have said.
    pub fn new(
        py: Python<'py>,
        sorts: &'b mut Sorts,
        wants: Option<&'b Bound<'py, PyAny>>,
        keeper: Option<&'b mut dyn Keeper>,
    ) -> Self {
        sorts.begin_block();
        Self { py, wants, keeper, sorts, rows: Rows::default(), nothing: PyBytes::new(py, b"{}"), kept: 0 }
    }

    /// Put an event to where those of its sort go; `may_keep`: it is as it would stand in an ordinary line.
    pub fn put(&mut self, number: usize, record: &Record<'_>, may_keep: bool) -> PyResult<()> {
        let sort = self.sorts.come(number);
        if !sort.is_wanted {
            return Ok(());
        }
        if let (Some(keeper), Some(kept), true) = (self.keeper.as_deref_mut(), sort.kept, may_keep) {
            if keeper.keep(kept, record)? {
                self.kept += 1;
                return Ok(());
            }
        }
        let text = record.properties.map(|text| PyBytes::new(self.py, text.as_bytes()));
        let properties = text.unwrap_or_else(|| self.nothing.clone());
        let subject = (sort.account_id.bind(self.py).clone(), record.contact_id);
        let event_type = sort.event_type.bind(self.py).clone();
        self.rows.push(subject, record.time_us, record.event_id, event_type, properties);
        Ok(())
    }

    /// The number of an event's sort.
    pub fn number_of(&mut self, record: &Record<'_>) -> PyResult<usize> {
        match self.sorts.find(record.account_id, record.event_type) {
            Some(number) => Ok(number),
            None => {
                let sort = self.ask(record.account_id, record.event_type)?;
                Ok(self.sorts.add(record.account_id, record.event_type, sort))
            }
        }
    }

    fn ask(&mut self, account: &str, name: &str) -> PyResult<Sort> {
        let (account_id, event_type) = (PyString::intern(self.py, account), PyString::intern(self.py, name));
        let types = self.wants.map(|wants| wants.call1((&account_id,))).transpose()?.filter(|types| !types.is_none());
        let is_wanted = types.map_or(Ok(true), |types| types.contains(&event_type))?;
        let mut sort = Sort::new(&account_id, &event_type, name, is_wanted);
        if let (Some(keeper), true) = (self.keeper.as_deref_mut(), sort.is_wanted && sort.is_plain) {
            sort.kept = keeper.keeper(&account_id, account, name)?;
        }
        Ok(sort)
    }

    /// The events that are wanted and not kept.
    pub fn columns(self) -> PyResult<Columns<'py>> {
        self.rows.columns(self.py)
    }
}

/// Events as Python objects, a list a field.
#[derive(Default)]
pub struct Rows<'py> {
    account_ids: Vec<Bound<'py, PyString>>,
    contact_ids: Vec<Bound<'py, PyString>>,
    times_us: Vec<Bound<'py, PyInt>>,
    event_ids: Vec<Bound<'py, PyString>>,
    types: Vec<Bound<'py, PyString>>,
    properties: Vec<Bound<'py, PyBytes>>,
}

impl<'py> Rows<'py> {
    pub fn push(
        &mut self,
        (account_id, contact_id): (Bound<'py, PyString>, &str),
        time_us: i64,
        event_id: &str,
        event_type: Bound<'py, PyString>,
        properties: Bound<'py, PyBytes>,
    ) {
        let py = account_id.py();
        self.account_ids.push(account_id);
        self.contact_ids.push(PyString::new(py, contact_id));
        self.times_us.push(PyInt::new(py, time_us));
        self.event_ids.push(PyString::new(py, event_id));
        self.types.push(event_type);
        self.properties.push(properties);
    }

    pub fn columns(self, py: Python<'py>) -> PyResult<Columns<'py>> {
        Ok((
            PyList::new(py, self.account_ids)?,
            PyList::new(py, self.contact_ids)?,
            PyList::new(py, self.times_us)?,
            PyList::new(py, self.event_ids)?,
            PyList::new(py, self.types)?,
            PyList::new(py, self.properties)?,
        ))
    }
}

/// Read what `keeper` keeps, and remember there what it and `wants` say of sorts.
pub fn read_keeping<'py>(
    keeper: &mut dyn Keeper,
    wants: &Bound<'py, PyAny>,
    read: impl FnOnce(Sorting<'_, 'py>) -> PyResult<Found<'py>>,
) -> PyResult<Found<'py>> {
    let mut sorts = std::mem::take(keeper.sorts());
    let found = read(Sorting::new(wants.py(), &mut sorts, Some(wants), Some(keeper)));
    *keeper.sorts() = sorts;
    found
}

/// The events of lines that are ordinary and whose time is one of `times_us`.
pub fn read_lines<'py>(
    lines: &[Bound<'py, PyBytes>],
    times_us: RangeInclusive<i64>,
    sorting: Sorting<'_, 'py>,
) -> PyResult<Found<'py>> {
    read(lines.iter().map(|line| readable(line.as_bytes()).and_then(record_of)), times_us, sorting)
}

/// As `read_lines`, of the lines of a text.
pub fn read_text<'py>(
    text: &Bound<'py, PyBytes>,
    times_us: RangeInclusive<i64>,
    sorting: Sorting<'_, 'py>,
) -> PyResult<Found<'py>> {
    let bytes = text.as_bytes();
    let mut start = 0;
    let lines = memchr_iter(b'\n', bytes).chain([bytes.len()]).map(|end| std::mem::replace(&mut start, end + 1)..end);
    match readable_text(bytes) {
        Some(text) => {
            let line = |at| Some(&text[at]).filter(|line: &&str| line.len() <= LINE_BYTES_MAX);
            read(lines.map(|at| line(at).and_then(record_of)), times_us, sorting)
        }
        None => read(lines.map(|at| readable(&bytes[at]).and_then(record_of)), times_us, sorting),
    }
}

/// As `read_lines`, of rows of columns.
pub fn read_rows<'py>(
    rows: &ArrowRows,
    times_us: RangeInclusive<i64>,
    sorting: Sorting<'_, 'py>,
) -> PyResult<Found<'py>> {
    read(rows.records(), times_us, sorting)
}

/// Of records; None: not me.
fn read<'a, 'py>(
    records: impl Iterator<Item = Option<Record<'a>>>,
    times_us: RangeInclusive<i64>,
    mut sorting: Sorting<'_, 'py>,
) -> PyResult<Found<'py>> {
    let (mut taken, mut newest_us, mut left) = (0, BEFORE_ALL_US, Vec::new());
    for (index, record) in records.enumerate() {
        let Some(record) = record.filter(|one| times_us.contains(&one.time_us)) else {
            left.push(index);
            continue;
        };
        let number = sorting.number_of(&record)?;
        if !sorting.sorts.get(number).is_plain {
            left.push(index);
            continue;
        }
        taken += 1;
        newest_us = newest_us.max(record.time_us);
        sorting.put(number, &record, true)?;
    }
    let py = sorting.py;
    let pair = |sort: &Sort| (sort.account_id.bind(py).clone(), sort.event_type.bind(py).clone());
    let (pairs, kept) = (sorting.sorts.came().map(pair).collect(), sorting.kept);
    Ok((sorting.columns()?, taken, newest_us, left, pairs, kept))
}
