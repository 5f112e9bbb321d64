//! A block of lines to columns of events: the Python objects that `kittiwake.input.bulk` makes of them too.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyList, PyString};

use rustc_hash::FxHashMap;

use crate::gathered::Gathered;
use crate::record::{record_of, Record};

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
    /// The account that keeps its events, and the type's number there.
    keeper: Option<(u32, u16)>,
}

/// Which accounts and types a block has, and whether their events are wanted: asked once each.
struct Sorts<'a, 'py> {
    wants: &'a Bound<'py, PyAny>,
    numbers: FxHashMap<(&'a str, &'a str), usize>,
    found: Vec<Sort<'py>>,
}

impl<'a, 'py> Sorts<'a, 'py> {
    fn of(&mut self, record: &Record<'a>, gathered: Option<&mut Gathered>) -> PyResult<&Sort<'py>> {
        let key = (record.account_id, record.event_type);
        let number = match self.numbers.get(&key) {
            Some(number) => *number,
            None => {
                let sort = self.ask(key.0, key.1, gathered)?;
                self.found.push(sort);
                self.numbers.insert(key, self.found.len() - 1);
                self.found.len() - 1
            }
        };
        Ok(&self.found[number])
    }

    fn ask(&self, account: &str, name: &str, gathered: Option<&mut Gathered>) -> PyResult<Sort<'py>> {
        let py = self.wants.py();
        let (account_id, event_type) = (PyString::intern(py, account), PyString::intern(py, name));
        let types = self.wants.call1((&account_id,))?;
        let is_wanted = types.is_none() || types.contains(&event_type)?;
        let keeper = match gathered {
            Some(gathered) if is_wanted => gathered.keeper(&account_id, account, name)?,
            _ => None,
        };
        Ok(Sort { account_id, event_type, is_wanted, keeper })
    }
}

/// The events of lines that are ordinary and whose time lies in `[earliest_us, latest_us]`; what `gathered` keeps of them
/// is in no column.
pub fn read<'py>(
    lines: &Bound<'py, PyList>,
    earliest_us: i64,
    latest_us: i64,
    wants: &Bound<'py, PyAny>,
    mut gathered: Option<&mut Gathered>,
) -> PyResult<Found<'py>> {
    let py = lines.py();
    let held: Vec<Bound<'py, PyBytes>> = lines.extract()?;
    let mut sorts = Sorts { wants, numbers: FxHashMap::default(), found: Vec::new() };
    let (mut taken, mut kept, mut newest_us, mut left) = (0, 0, BEFORE_ALL_US, Vec::new());
    let (mut account_ids, mut contact_ids, mut times_us) = (Vec::new(), Vec::new(), Vec::new());
    let (mut event_ids, mut types, mut properties) = (Vec::new(), Vec::new(), Vec::new());
    let nothing = PyBytes::new(py, b"{}");
    for (index, line) in held.iter().enumerate() {
        let Some(record) = record_of(line.as_bytes()).filter(|one| (earliest_us..=latest_us).contains(&one.time_us))
        else {
            left.push(index);
            continue;
        };
        taken += 1;
        newest_us = newest_us.max(record.time_us);
        let sort = sorts.of(&record, gathered.as_deref_mut())?;
        let keep = |gathered: &mut &mut Gathered| sort.keeper.is_some_and(|keeper| gathered.keep(keeper, &record));
        if gathered.as_mut().is_some_and(keep) {
            kept += 1;
        } else if sort.is_wanted {
            account_ids.push(sort.account_id.clone());
            types.push(sort.event_type.clone());
            contact_ids.push(PyString::new(py, record.contact_id));
            event_ids.push(PyString::new(py, record.event_id));
            times_us.push(PyInt::new(py, record.time_us));
            properties.push(record.properties.map_or(nothing.clone(), |text| PyBytes::new(py, text.as_bytes())));
        }
    }
    let columns = (
        PyList::new(py, account_ids)?,
        PyList::new(py, contact_ids)?,
        PyList::new(py, times_us)?,
        PyList::new(py, event_ids)?,
        PyList::new(py, types)?,
        PyList::new(py, properties)?,
    );
    let pairs = sorts.found.into_iter().map(|sort| (sort.account_id, sort.event_type)).collect();
    Ok((columns, taken, newest_us, left, pairs, kept))
}
