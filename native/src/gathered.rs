//! Events of a run by contact, kept as they stood in their lines until the run's end decides them.
//!
//! Those of accounts are kept whose rules `decide` knows; all others travel on as columns. Whatever is not decided
//! here comes out as the rows that `kittiwake.batch.event_rows` has.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::batches::read_batch;
use crate::block::{read, Columns, Found, Rows};
use crate::contacts::{event_of, objects_of, Account, Contacts, Row, ACCOUNT_BYTES, CONTACT_BYTES};
use crate::decide::lines::{Sum, Sums, Written};
use crate::decide::Decider;
use crate::events::{put_in_order, Event, ENDINGS, UPDATED};
use crate::record::Record;

/// The number of the type of events that set attributes.
const UPDATED_KIND: u16 = 0;

/// Of a contact that is not decided here: account, contact, rows.
type Left<'py> = (Bound<'py, PyString>, Bound<'py, PyString>, Bound<'py, PyList>);

/// Lines of decisions and of those that fired, how many contacts and events they are of, and who is left.
type Decided<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, usize, usize, Option<Left<'py>>);

/// Of an account how often each rule has decided what, and of each rule how many still wait, and when the first of them
/// falls due.
type AccountSums = (Py<PyString>, Vec<Sum>, Vec<(usize, usize, i64)>);

/// The events of a run, by contact.
#[pyclass]
pub struct Gathered {
    decider_of: Py<PyAny>,
    rows_max: usize,
    accounts: Vec<Account>,
    account_numbers: HashMap<Box<str>, u32>,
    contacts: Contacts,
    types: Vec<Box<str>>,
    type_numbers: HashMap<Box<str>, u16>,
    texts: String,
    /// Properties of events that may set a zone, since they were taken.
    zones: Vec<String>,
    /// Contacts in their order, and how far it has been gone through.
    order: Vec<u32>,
    at: usize,
    is_ordered: bool,
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
            contacts: Contacts::default(),
            types: vec![UPDATED.into()],
            type_numbers: HashMap::from([(UPDATED.into(), UPDATED_KIND)]),
            texts: String::new(),
            zones: Vec::new(),
            order: Vec::new(),
            at: 0,
            is_ordered: false,
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
        let mut rows = Rows::default();
        while rows.len() < rows_max {
            let Some(contact) = self.contacts.pop() else { break };
            let account_id = self.accounts[contact.account as usize].account_id.bind(py);
            for row in &contact.rows {
                let event = event_of(&self.texts, &self.types, row);
                let subject = (account_id.clone(), &*contact.contact_id);
                let properties = PyBytes::new(py, event.properties.as_bytes());
                let event_type = PyString::intern(py, event.event_type);
                rows.push(subject, event.time_us, event.id, event_type, properties);
            }
        }
        rows.columns(py)
    }

    /// The rows of a contact, which is here no longer.
    fn take<'py>(&mut self, py: Python<'py>, account_id: &str, contact_id: &str) -> PyResult<Bound<'py, PyList>> {
        let found = self.account_numbers.get(account_id).and_then(|&account| self.contacts.find(account, contact_id));
        let rows = found.map_or(Vec::new(), |at| std::mem::take(&mut self.contacts.all[at as usize].rows));
        objects_of(py, &self.texts, &self.types, &rows)
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
        let (mut out, mut contacts, mut rows) = (Written::default(), 0, 0);
        let mut left = None;
        while out.all.len() < bytes_min && left.is_none() {
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
            if self.decide_one(py, at, &of_contact, until_us, &mut out)? {
                contacts += 1;
                rows += of_contact.len();
            } else {
                left = Some(self.left(py, at, &of_contact)?);
            }
        }
        Ok((PyBytes::new(py, &out.all), PyBytes::new(py, &out.fired), contacts, rows, left))
    }

    /// What was decided so far, and what still waits.
    fn sums(&self, py: Python<'_>) -> Vec<AccountSums> {
        let of_account =
            |account: &Account| (account.account_id.clone_ref(py), account.sums.verdicts(), account.sums.pending());
        self.accounts.iter().map(of_account).collect()
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
        if self.accounts[number as usize].decider.is_none() || ENDINGS.contains(&event_type) {
            return Ok(None);
        }
        Ok(self.number_of(event_type).map(|kind| (number, kind)))
    }

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
        let (decider, attribute_bytes) = found.map_or((None, 0), |(decider, bytes)| (Some(decider), bytes));
        let number = self.accounts.len() as u32;
        self.account_numbers.insert(name.into(), number);
        self.accounts.push(Account {
            account_id: account_id.clone().unbind(),
            name: name.into(),
            decider,
            attribute_bytes,
            sums: Sums::default(),
        });
        Ok(number)
    }

    /// Keep an event, unless it may set more than there is room for, or what cannot be read here; whether it is kept.
    pub fn keep(&mut self, (account, kind): (u32, u16), record: &Record<'_>) -> bool {
        let properties = record.properties.unwrap_or("{}");
        if kind == UPDATED_KIND {
            if properties.len() > self.accounts[account as usize].attribute_bytes || properties.contains('\\') {
                return false;
            }
            if properties.contains("timezone") {
                self.zones.push(properties.into());
            }
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

    fn decide_one(
        &mut self,
        py: Python<'_>,
        at: u32,
        rows: &[Row],
        until_us: i64,
        out: &mut Written,
    ) -> PyResult<bool> {
        let contact = &self.contacts.all[at as usize];
        let account = &mut self.accounts[contact.account as usize];
        let Some(decider) = account.decider.as_ref().filter(|_| rows.len() <= self.rows_max) else { return Ok(false) };
        let mut events: Vec<Event<'_>> = rows.iter().map(|row| event_of(&self.texts, &self.types, row)).collect();
        let Some(found) = put_in_order(&mut events, until_us) else { return Ok(false) };
        let (name, contact_id) = (&account.name, &contact.contact_id);
        let of_contact = (&**name, &**contact_id, &events[..found.decided]);
        let is_decided = decider.borrow_mut(py).decide_lines(py, of_contact, until_us, out, &mut account.sums)?;
        if is_decided {
            self.duplicates += found.duplicates;
            self.unsettled += found.unsettled;
        }
        Ok(is_decided)
    }

    fn left<'py>(&self, py: Python<'py>, at: u32, rows: &[Row]) -> PyResult<Left<'py>> {
        let contact = &self.contacts.all[at as usize];
        let account = &self.accounts[contact.account as usize];
        let rows = objects_of(py, &self.texts, &self.types, rows)?;
        Ok((account.account_id.bind(py).clone(), PyString::new(py, &contact.contact_id), rows))
    }
}
