//! Events of a run by contact, kept as they stood in their lines until the run's end decides them.
//!
//! Those of accounts are kept whose rules `decide` knows; all others travel on as columns. Whatever is not decided
//! here comes out as the rows that `kittiwake.batch.event_rows` has. What is too much for memory goes out in runs, and
//! comes back contact by contact (`spilled`).

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::arrow::ArrowRows;
use crate::batches::read_batch;
use crate::block::{read_keeping, read_lines, read_rows, read_text, Columns, Found, Keeper};
use crate::contacts::{event_of, objects_of, Account, AccountSums};
use crate::decide::lines::Written;
use crate::decide::Decider;
use crate::events::{put_in_order, Event, ENDINGS, UPDATED};
use crate::held::{is_before, Held};
use crate::record::Record;
use crate::sorts::{Kept, Sorts};
use crate::spilled::{Runs, Turn};
use crate::table::Table;

/// The number of the type of events that set attributes.
const UPDATED_KIND: u16 = 0;

/// Of a contact that is not decided here: account, contact, rows.
type Left<'py> = (Bound<'py, PyString>, Bound<'py, PyString>, Bound<'py, PyList>);

/// Lines of decisions and of those that fired, how many contacts and events they are of, and who is left.
type Decided<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, usize, usize, Option<Left<'py>>);

/// The events of a run, by contact.
#[pyclass]
pub struct Gathered {
    decider_of: Py<PyAny>,
    rows_max: usize,
    accounts: Vec<Account>,
    account_numbers: HashMap<Box<str>, u32>,
    held: Held,
    types: Vec<Box<str>>,
    type_numbers: HashMap<Box<str>, u16>,
    pub sorts: Sorts,
    /// Properties of events that may set a zone, since they were taken.
    zones: Vec<String>,
    /// What lines are written to: its memory is used again.
    written: Written,
    /// Where contacts come from once everything has gone out in runs.
    runs: Option<Runs>,
    /// How many are kept, wherever they are.
    #[pyo3(get)]
    rows: usize,
    #[pyo3(get)]
    duplicates: usize,
    #[pyo3(get)]
    unsettled: usize,
}

#[pymethods]
impl Gathered {
    /// `decider_of` says of an account what decides its contacts of up to `rows_max` events here, and how many bytes of
    /// an update have room for sure; None: it is not decided here.
    #[new]
    fn new(decider_of: Py<PyAny>, rows_max: usize) -> Self {
        Self {
            decider_of,
            rows_max,
            accounts: Vec::new(),
            account_numbers: HashMap::new(),
            held: Held::default(),
            types: vec![UPDATED.into()],
            type_numbers: HashMap::from([(UPDATED.into(), UPDATED_KIND)]),
            sorts: Sorts::default(),
            zones: Vec::new(),
            written: Written::default(),
            runs: None,
            rows: 0,
            duplicates: 0,
            unsettled: 0,
        }
    }

    /// As the function `read_lines`; the events that are kept are in no column, and their number stands last. What
    /// `wants` says of an account and a type is remembered.
    fn read_lines<'py>(
        &mut self,
        lines: Vec<Bound<'py, PyBytes>>,
        earliest_us: i64,
        latest_us: i64,
        wants: &Bound<'py, PyAny>,
    ) -> PyResult<Found<'py>> {
        read_keeping(self, wants, |sorting| read_lines(&lines, earliest_us..=latest_us, sorting))
    }

    /// As the function `read_text`; likewise.
    fn read_text<'py>(
        &mut self,
        text: &Bound<'py, PyBytes>,
        earliest_us: i64,
        latest_us: i64,
        wants: &Bound<'py, PyAny>,
    ) -> PyResult<Found<'py>> {
        read_keeping(self, wants, |sorting| read_text(text, earliest_us..=latest_us, sorting))
    }

    /// As the function `read_rows`; likewise.
    fn read_rows<'py>(
        &mut self,
        rows: ArrowRows,
        earliest_us: i64,
        latest_us: i64,
        wants: &Bound<'py, PyAny>,
    ) -> PyResult<Found<'py>> {
        read_keeping(self, wants, |sorting| read_rows(&rows, earliest_us..=latest_us, sorting))
    }

    /// Keep those events of a table that are as they would stand in ordinary lines; which are left. Zones are not
    /// looked for: whoever read them has.
    fn keep_of(&mut self, py: Python<'_>, table: Table) -> PyResult<Vec<usize>> {
        let left = table.kept_by(py, self);
        self.zones.clear();
        left
    }

    /// The events of a batch as columns, but for those that are kept. Zones are not looked for: whoever made it has.
    fn read_batch<'py>(&mut self, batch: &Bound<'py, PyBytes>) -> PyResult<Columns<'py>> {
        let columns = read_batch(batch, self);
        self.zones.clear();
        columns
    }

    /// Properties of kept events that may set a zone: of those that came since this was asked.
    fn take_zones<'py>(&mut self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        self.zones.drain(..).map(|text| PyBytes::new(py, text.as_bytes())).collect()
    }

    /// How many contacts are in memory.
    #[getter]
    fn contacts(&self) -> usize {
        self.held.contacts.all.len()
    }

    /// About how many bytes of memory its events take: what is free once they have gone out in a run.
    #[getter]
    fn bytes(&self) -> usize {
        self.held.bytes()
    }

    /// Contacts in their order as a frame of a run, of some `bytes_min`, which are here no longer; empty: none are left.
    fn spill<'py>(&mut self, py: Python<'py>, bytes_min: usize) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.held.spill(&self.accounts, bytes_min))
    }

    /// Take contacts from so many runs from now on, whose frames `read` gives, by the number of the run.
    fn merge(&mut self, py: Python<'_>, runs: usize, read: Py<PyAny>) -> PyResult<()> {
        self.runs = Some(Runs::new(py, runs, read, &self.accounts)?);
        Ok(())
    }

    /// The rows of a contact before which all others were decided, which are here no longer: of those on disk some, and
    /// further ones until none come.
    fn take<'py>(&mut self, py: Python<'py>, account_id: &str, contact_id: &str) -> PyResult<Bound<'py, PyList>> {
        let turn = match (self.account_numbers.get(account_id), &mut self.runs) {
            (Some(&account), Some(runs)) if runs.next() == Some((account, contact_id)) => {
                runs.take(py, self.rows_max)?
            }
            (Some(&account), None) => self.held.take(account, contact_id),
            _ => None,
        };
        turn.map_or_else(|| Ok(PyList::empty(py)), |turn| self.objects_of(py, &turn))
    }

    /// Decide contacts in their order, until the rows of decisions have `bytes_min`, one is left, or the next is
    /// not before the contact `before`. Nobody is left and no event was seen: there are no more. Of one that is left and
    /// on disk there may be more rows.
    #[pyo3(signature = (until_us, bytes_min, before=None))]
    fn decide<'py>(
        &mut self,
        py: Python<'py>,
        until_us: i64,
        bytes_min: usize,
        before: Option<(String, String)>,
    ) -> PyResult<Decided<'py>> {
        let before = before.as_ref().map(|(account, contact)| (&**account, &**contact));
        let (mut out, mut contacts, mut rows) = (std::mem::take(&mut self.written).emptied(), 0, 0);
        let mut left = None;
        while out.all.len() < bytes_min && left.is_none() {
            let Some(turn) = self.next(py, before)? else { break };
            if self.decide_one(py, &turn, until_us, &mut out)? {
                contacts += 1;
                rows += turn.rows.len();
            } else {
                left = Some(self.left(py, &turn)?);
            }
        }
        let (all, fired) = (PyBytes::new(py, &out.all), PyBytes::new(py, &out.fired));
        self.written = out;
        Ok((all, fired, contacts, rows, left))
    }

    /// What was decided so far, and what still waits.
    fn sums(&self, py: Python<'_>) -> Vec<AccountSums> {
        self.accounts.iter().map(|account| account.summed(py)).collect()
    }
}

impl Keeper for Gathered {
    fn sorts(&mut self) -> &mut Sorts {
        &mut self.sorts
    }

    /// The account that keeps events of a type, and the type's number; None: they are not kept.
    fn keeper(&mut self, account_id: &Bound<'_, PyString>, name: &str, event_type: &str) -> PyResult<Option<Kept>> {
        let number = match self.account_numbers.get(name) {
            Some(number) => *number,
            None => self.add_account(account_id, name)?,
        };
        if self.accounts[number as usize].decider.is_none() || ENDINGS.contains(&event_type) {
            return Ok(None);
        }
        Ok(self.number_of(event_type).map(|kind| (number, kind)))
    }

    /// Keep an event, unless it may set more than there is room for, or what cannot be read here; whether it is kept.
    fn keep(&mut self, (account, kind): Kept, record: &Record<'_>) -> PyResult<bool> {
        let properties = record.properties.unwrap_or("{}");
        if kind == UPDATED_KIND {
            if properties.len() > self.accounts[account as usize].attribute_bytes || properties.contains('\\') {
                return Ok(false);
            }
            if properties.contains("timezone") {
                self.zones.push(properties.into());
            }
        }
        self.held.keep((account, kind), record, properties);
        self.rows += 1;
        Ok(true)
    }
}

impl Gathered {
    /// The number of a type; None: there are too many.
    fn number_of(&mut self, event_type: &str) -> Option<u16> {
        if let Some(number) = self.type_numbers.get(event_type) {
            return Some(*number);
        }
        let number = u16::try_from(self.types.len()).ok()?;
        self.types.push(event_type.into());
        self.type_numbers.insert(event_type.into(), number);
        Some(number)
    }

    fn add_account(&mut self, account_id: &Bound<'_, PyString>, name: &str) -> PyResult<u32> {
        let py = account_id.py();
        let found: Option<(Py<Decider>, usize)> = self.decider_of.bind(py).call1((account_id,))?.extract()?;
        let number = self.accounts.len() as u32;
        self.account_numbers.insert(name.into(), number);
        self.accounts.push(Account::new(account_id, name, found));
        Ok(number)
    }

    /// The next contact, if it is before another.
    fn next(&mut self, py: Python<'_>, before: Option<(&str, &str)>) -> PyResult<Option<Turn>> {
        let Some(runs) = &mut self.runs else { return Ok(self.held.next(&self.accounts, before)) };
        let name = |(account, contact_id)| (&*self.accounts[account as usize].name, contact_id);
        let comes = runs.next().is_some_and(|next| is_before(name(next), before));
        if comes {
            runs.take(py, self.rows_max)
        } else {
            Ok(None)
        }
    }

    fn decide_one(&mut self, py: Python<'_>, turn: &Turn, until_us: i64, out: &mut Written) -> PyResult<bool> {
        let (account, rows) = (&mut self.accounts[turn.account as usize], &turn.rows);
        let Some(decider) = account.decider.as_ref().filter(|_| rows.len() <= self.rows_max) else { return Ok(false) };
        let texts = turn.texts.as_ref().unwrap_or(&self.held.texts);
        let mut events: Vec<Event<'_>> = rows.iter().map(|row| event_of(texts, &self.types, row)).collect();
        let Some(found) = put_in_order(&mut events, until_us) else { return Ok(false) };
        let of_contact = (&*account.name, &*turn.contact_id, &events[..found.decided]);
        let is_decided = decider.borrow_mut(py).decide_lines(py, of_contact, until_us, out, &mut account.sums)?;
        if is_decided {
            self.duplicates += found.duplicates;
            self.unsettled += found.unsettled;
        }
        Ok(is_decided)
    }

    fn left<'py>(&self, py: Python<'py>, turn: &Turn) -> PyResult<Left<'py>> {
        let account_id = self.accounts[turn.account as usize].account_id.bind(py).clone();
        Ok((account_id, PyString::new(py, &turn.contact_id), self.objects_of(py, turn)?))
    }

    fn objects_of<'py>(&self, py: Python<'py>, turn: &Turn) -> PyResult<Bound<'py, PyList>> {
        objects_of(py, turn.texts.as_ref().unwrap_or(&self.held.texts), &self.types, &turn.rows)
    }
}
