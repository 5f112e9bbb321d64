//! Events of a run by contact, kept as they stood in their lines until the run's end decides them.
//!
//! Those of accounts are kept whose rules `waits` decides; all others travel on as columns. Whatever is not decided
//! here comes out as the rows that `kittiwake.batch.event_rows` has.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::block::{read, Columns, Found};
use crate::contacts::{moment, moment_of, Account, Contacts, Row, ACCOUNT_BYTES, CONTACT_BYTES};
use crate::record::Record;
use crate::waits::{Decider, Moment, Waits};

/// Of a contact that is not decided here: account, contact, rows.
type Left<'py> = (Bound<'py, PyString>, Bound<'py, PyString>, Bound<'py, PyList>);

/// Lines of decisions, how many contacts and events they are of, and who is left.
type Decided<'py> = (Bound<'py, PyBytes>, usize, usize, Option<Left<'py>>);

/// By account and rule: how often it fired, how many still wait, and when the first of them falls due.
type Sums = Vec<(Py<PyString>, usize, usize, usize, i64)>;

/// The events of a run, by contact.
#[pyclass]
pub struct Gathered {
    waits_of: Py<PyAny>,
    accounts: Vec<Account>,
    account_numbers: HashMap<Box<str>, u32>,
    contacts: Contacts,
    texts: String,
    /// Properties of events that may set a zone, since they were taken.
    zones: Vec<String>,
    /// Contacts in their order, and how far it has been gone through.
    order: Vec<u32>,
    at: usize,
    is_ordered: bool,
    decider: Decider,
    #[pyo3(get)]
    rows: usize,
    #[pyo3(get)]
    duplicates: usize,
    #[pyo3(get)]
    unsettled: usize,
}

#[pymethods]
impl Gathered {
    /// `waits_of` says of an account by which rules its contacts are decided here; None: not here.
    #[new]
    fn new(waits_of: Py<PyAny>) -> Self {
        Self {
            waits_of,
            accounts: Vec::new(),
            account_numbers: HashMap::new(),
            contacts: Contacts::default(),
            texts: String::new(),
            zones: Vec::new(),
            order: Vec::new(),
            at: 0,
            is_ordered: false,
            decider: Decider::default(),
            rows: 0,
            duplicates: 0,
            unsettled: 0,
        }
    }

    /// As the function `read_lines`; the events that are kept are in no column, and their number stands last.
    fn read_lines<'py>(
        &mut self,
        lines: &Bound<'py, PyList>,
        earliest_us: i64,
        latest_us: i64,
        wants: &Bound<'py, PyAny>,
    ) -> PyResult<Found<'py>> {
        read(lines, earliest_us, latest_us, wants, Some(self))
    }

    /// Properties of kept events that may set a zone: of those that came since this was asked.
    fn take_zones<'py>(&mut self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        self.zones.drain(..).map(|text| PyBytes::new(py, text.as_bytes())).collect()
    }

    /// How many contacts there are.
    #[getter]
    fn contacts(&self) -> usize {
        self.contacts.all.len()
    }

    /// About how many bytes of memory it takes.
    #[getter]
    fn bytes(&self) -> usize {
        let rows = self.rows * 2 * size_of::<Row>();
        self.texts.capacity() + rows + self.contacts.all.len() * CONTACT_BYTES + self.accounts.len() * ACCOUNT_BYTES
    }

    /// Some of the events as columns, which are here no longer; of no contact a part. All are out when none come.
    fn drain<'py>(&mut self, py: Python<'py>, rows_max: usize) -> PyResult<Columns<'py>> {
        let (mut accounts, mut contacts) = (Vec::new(), Vec::new());
        let (mut times_us, mut ids, mut types, mut properties) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        while times_us.len() < rows_max {
            let Some(contact) = self.contacts.pop() else { break };
            let account = &self.accounts[contact.account as usize];
            let contact_id = PyString::new(py, &contact.contact_id);
            for row in &contact.rows {
                let moment = moment(&self.texts, row, account);
                accounts.push(account.account_id.clone_ref(py));
                contacts.push(contact_id.clone());
                times_us.push(moment.time_us);
                ids.push(PyString::new(py, moment.event_id));
                types.push(PyString::intern(py, moment.event_type));
                properties.push(PyBytes::new(py, moment.properties.as_bytes()));
            }
        }
        Ok((
            PyList::new(py, accounts)?,
            PyList::new(py, contacts)?,
            PyList::new(py, times_us)?,
            PyList::new(py, ids)?,
            PyList::new(py, types)?,
            PyList::new(py, properties)?,
        ))
    }

    /// The rows of a contact, which is here no longer.
    fn take<'py>(&mut self, py: Python<'py>, account_id: &str, contact_id: &str) -> PyResult<Bound<'py, PyList>> {
        let found = self.account_numbers.get(account_id).and_then(|&account| self.contacts.find(account, contact_id));
        let rows = found.map_or(Vec::new(), |at| std::mem::take(&mut self.contacts.all[at as usize].rows));
        match found {
            Some(at) => {
                rows_of(py, &self.texts, &rows, &self.accounts[self.contacts.all[at as usize].account as usize])
            }
            None => Ok(PyList::empty(py)),
        }
    }

    /// Decide contacts in their order, until the rows of decisions have `bytes_min`, one is left, or the next is
    /// not before the contact `before`. Nobody is left and no event was seen: there are no more.
    #[pyo3(signature = (until_us, bytes_min, before=None))]
    fn decide<'py>(
        &mut self,
        py: Python<'py>,
        until_us: i64,
        bytes_min: usize,
        before: Option<(String, String)>,
    ) -> PyResult<Decided<'py>> {
        self.put_in_order();
        let (mut out, mut contacts, mut rows) = (Vec::new(), 0, 0);
        let mut left = None;
        while out.len() < bytes_min && left.is_none() {
            let Some(&at) = self.order.get(self.at) else { break };
            let name = self.name_of(at);
            if before.as_ref().is_some_and(|(account, contact)| name >= (account, contact)) {
                break;
            }
            self.at += 1;
            let of_contact = std::mem::take(&mut self.contacts.all[at as usize].rows);
            if of_contact.is_empty() {
                continue;
            }
            if self.decide_one(at, &of_contact, until_us, &mut out) {
                contacts += 1;
                rows += of_contact.len();
            } else {
                left = Some(self.left(py, at, &of_contact)?);
            }
        }
        Ok((PyBytes::new(py, &out), contacts, rows, left))
    }

    /// What was decided so far, and what still waits.
    fn sums(&self, py: Python<'_>) -> Sums {
        let of_account = |account: &Account| {
            let id = account.account_id.clone_ref(py);
            let both = account.fired.iter().zip(&account.pending).enumerate();
            both.map(move |(rule, (fired, (number, next_us)))| (id.clone_ref(py), rule, *fired, *number, *next_us))
                .collect::<Vec<_>>()
        };
        self.accounts.iter().flat_map(of_account).collect()
    }
}

impl Gathered {
    /// The account that keeps events of a type, and the type's number; None: they are not kept.
    pub fn keeper(
        &mut self,
        account_id: &Bound<'_, PyString>,
        name: &str,
        event_type: &str,
    ) -> PyResult<Option<(u32, u16)>> {
        let number = match self.account_numbers.get(name) {
            Some(number) => *number,
            None => self.add_account(account_id, name)?,
        };
        let waits = self.accounts[number as usize].waits.as_ref();
        Ok(waits.and_then(|waits| waits.get().number_of(event_type)).map(|kind| (number, kind)))
    }

    fn add_account(&mut self, account_id: &Bound<'_, PyString>, name: &str) -> PyResult<u32> {
        let py = account_id.py();
        let waits: Option<Py<Waits>> = self.waits_of.bind(py).call1((account_id,))?.extract()?;
        let rules = waits.as_ref().map_or(0, |waits| waits.get().rules());
        let number = self.accounts.len() as u32;
        self.account_numbers.insert(name.into(), number);
        self.accounts.push(Account {
            account_id: account_id.clone().unbind(),
            name: name.into(),
            waits,
            fired: vec![0; rules],
            pending: vec![(0, i64::MAX); rules],
        });
        Ok(number)
    }

    /// Keep an event, unless more than its type, id and time can matter; whether it is kept.
    pub fn keep(&mut self, (account, kind): (u32, u16), record: &Record<'_>) -> bool {
        let properties = record.properties.unwrap_or("{}");
        let Some(waits) = self.accounts[account as usize].waits.as_ref().map(Py::get) else { return false };
        if !waits.keeps(kind, properties) {
            return false;
        }
        if waits.may_set_zone(kind, properties) {
            self.zones.push(properties.into());
        }
        let at = self.texts.len();
        self.texts.push_str(record.event_id);
        self.texts.push_str(properties);
        let (id_bytes, properties_bytes) = (record.event_id.len() as u16, properties.len() as u32);
        let contact = self.contacts.of(account, record.contact_id);
        contact.rows.push(Row { time_us: record.time_us, at, properties_bytes, id_bytes, kind });
        self.rows += 1;
        true
    }

    fn name_of(&self, at: u32) -> (&str, &str) {
        let contact = &self.contacts.all[at as usize];
        (&self.accounts[contact.account as usize].name, &contact.contact_id)
    }

    fn put_in_order(&mut self) {
        if self.is_ordered {
            return;
        }
        let mut order: Vec<u32> = (0..self.contacts.all.len() as u32).collect();
        order.sort_unstable_by_key(|&at| self.name_of(at));
        (self.order, self.is_ordered) = (order, true);
    }

    fn decide_one(&mut self, at: u32, rows: &[Row], until_us: i64, out: &mut Vec<u8>) -> bool {
        let contact = &self.contacts.all[at as usize];
        let account = &mut self.accounts[contact.account as usize];
        let Some(waits) = account.waits.as_ref().map(Py::get) else { return false };
        let mut moments: Vec<Moment<'_>> = rows.iter().map(|row| moment_of(&self.texts, row, waits)).collect();
        let decided = self.decider.decide(waits, &account.name, &contact.contact_id, &mut moments, until_us, out);
        let Some(verdict) = decided else { return false };
        self.duplicates += verdict.duplicates;
        self.unsettled += verdict.unsettled;
        for (sum, number) in account.fired.iter_mut().zip(verdict.fired) {
            *sum += number;
        }
        for (sum, due_us) in account.pending.iter_mut().zip(verdict.pending_us) {
            if let Some(due_us) = due_us {
                *sum = (sum.0 + 1, sum.1.min(due_us));
            }
        }
        true
    }

    fn left<'py>(&self, py: Python<'py>, at: u32, rows: &[Row]) -> PyResult<Left<'py>> {
        let contact = &self.contacts.all[at as usize];
        let account = &self.accounts[contact.account as usize];
        let rows = rows_of(py, &self.texts, rows, account)?;
        Ok((account.account_id.bind(py).clone(), PyString::new(py, &contact.contact_id), rows))
    }
}

fn rows_of<'py>(py: Python<'py>, texts: &str, rows: &[Row], account: &Account) -> PyResult<Bound<'py, PyList>> {
    let found = PyList::empty(py);
    for row in rows {
        let moment = moment(texts, row, account);
        let (id, event_type) = (PyString::new(py, moment.event_id), PyString::intern(py, moment.event_type));
        let properties = PyBytes::new(py, moment.properties.as_bytes());
        found.append((moment.time_us, id, event_type, properties).into_pyobject(py)? as Bound<'_, PyTuple>)?;
    }
    Ok(found)
}
