//! A block of lines to columns of events: the Python objects that `kittiwake.input.bulk` makes of them too.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyList, PyString};

use rustc_hash::FxHashMap;

use crate::gathered::Gathered;
use crate::record::{record_of, Record};

/// What keeps events here instead of handing them over in columns.
pub trait Keeper {
    /// Under which numbers it keeps events of an account and a type; None: it does not.
    fn keeper(&mut self, account_id: &Bound<'_, PyString>, name: &str, event_type: &str) -> PyResult<Option<Kept>>;

    /// Keep an event; false: it is not kept.
    fn keep(&mut self, kept: Kept, record: &Record<'_>) -> PyResult<bool>;
}

/// The number of an account, and that of a type.
pub type Kept = (u32, u16);

impl Keeper for Gathered {
    fn keeper(&mut self, account_id: &Bound<'_, PyString>, name: &str, event_type: &str) -> PyResult<Option<Kept>> {
        Gathered::keeper(self, account_id, name, event_type)
    }

    fn keep(&mut self, kept: Kept, record: &Record<'_>) -> PyResult<bool> {
        Ok(Gathered::keep(self, kept, record))
    }
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

/// An account and a type that came in it.
struct Sort<'py> {
    account_id: Bound<'py, PyString>,
    event_type: Bound<'py, PyString>,
    is_wanted: bool,
    kept: Option<Kept>,
}

/// Where the events of a block go: to who keeps them, into columns, or nowhere.
pub struct Sorting<'a, 'b, 'py> {
    py: Python<'py>,
    /// From an account to the types that are wanted there; None: all are.
    wants: Option<&'b Bound<'py, PyAny>>,
    keeper: Option<&'b mut dyn Keeper>,
    /// Which accounts and types the block has: each is asked for once.
    numbers: FxHashMap<(&'a str, &'a str), usize>,
    sorts: Vec<Sort<'py>>,
    rows: Rows<'py>,
    nothing: Bound<'py, PyBytes>,
    /// How many are kept.
    pub kept: usize,
}

impl<'a, 'b, 'py> Sorting<'a, 'b, 'py> {
    pub fn new(py: Python<'py>, wants: Option<&'b Bound<'py, PyAny>>, keeper: Option<&'b mut dyn Keeper>) -> Self {
        let (numbers, nothing) = (FxHashMap::default(), PyBytes::new(py, b"{}"));
        Self { py, wants, keeper, numbers, sorts: Vec::new(), rows: Rows::default(), nothing, kept: 0 }
    }

    /// Put an event to where it goes; `may_keep`: it is as it would stand in an ordinary line.
    pub fn put(&mut self, record: &Record<'a>, may_keep: bool) -> PyResult<()> {
        let number = self.number_of(record)?;
        let sort = &self.sorts[number];
        if let (Some(keeper), Some(kept), true) = (self.keeper.as_deref_mut(), sort.kept, may_keep) {
            if keeper.keep(kept, record)? {
                self.kept += 1;
                return Ok(());
            }
        }
        if sort.is_wanted {
            let text = record.properties.map(|text| PyBytes::new(self.py, text.as_bytes()));
            let properties = text.unwrap_or_else(|| self.nothing.clone());
            let subject = (sort.account_id.clone(), record.contact_id);
            self.rows.push(subject, record.time_us, record.event_id, sort.event_type.clone(), properties);
        }
        Ok(())
    }

    fn number_of(&mut self, record: &Record<'a>) -> PyResult<usize> {
        let key = (record.account_id, record.event_type);
        if let Some(number) = self.numbers.get(&key) {
            return Ok(*number);
        }
        let sort = self.ask(key.0, key.1)?;
        self.sorts.push(sort);
        self.numbers.insert(key, self.sorts.len() - 1);
        Ok(self.sorts.len() - 1)
    }

    fn ask(&mut self, account: &str, name: &str) -> PyResult<Sort<'py>> {
        let (account_id, event_type) = (PyString::intern(self.py, account), PyString::intern(self.py, name));
        let types = self.wants.map(|wants| wants.call1((&account_id,))).transpose()?.filter(|types| !types.is_none());
        let is_wanted = types.map_or(Ok(true), |types| types.contains(&event_type))?;
        let kept = match self.keeper.as_deref_mut() {
            Some(keeper) if is_wanted => keeper.keeper(&account_id, account, name)?,
            _ => None,
        };
        Ok(Sort { account_id, event_type, is_wanted, kept })
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

/// The events of lines that are ordinary and whose time lies in `[earliest_us, latest_us]`; what `keeper` keeps of them
/// is in no column.
pub fn read<'b, 'py>(
    lines: &Bound<'py, PyList>,
    earliest_us: i64,
    latest_us: i64,
    wants: &'b Bound<'py, PyAny>,
    keeper: Option<&'b mut dyn Keeper>,
) -> PyResult<Found<'py>> {
    let held: Vec<Bound<'py, PyBytes>> = lines.extract()?;
    let mut sorting = Sorting::new(lines.py(), Some(wants), keeper);
    let (mut taken, mut newest_us, mut left) = (0, BEFORE_ALL_US, Vec::new());
    for (index, line) in held.iter().enumerate() {
        let Some(record) = record_of(line.as_bytes()).filter(|one| (earliest_us..=latest_us).contains(&one.time_us))
        else {
            left.push(index);
            continue;
        };
        taken += 1;
        newest_us = newest_us.max(record.time_us);
        sorting.put(&record, true)?;
    }
    let pairs = sorting.sorts.iter().map(|sort| (sort.account_id.clone(), sort.event_type.clone())).collect();
    let kept = sorting.kept;
    Ok((sorting.columns()?, taken, newest_us, left, pairs, kept))
}
