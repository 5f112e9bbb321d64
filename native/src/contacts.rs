//! Contacts and their events, by account and id.

use std::hash::{BuildHasher, RandomState};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use rustc_hash::FxHashMap;

use crate::decide::lines::{Sum, Sums};
use crate::decide::Decider;
use crate::events::Event;

/// About what a contact takes besides its events.
pub const CONTACT_BYTES: usize = 160;

/// Of an account how often each rule has decided what, and of each rule how many still wait, and when the first of them
/// falls due.
pub type AccountSums = (Py<PyString>, Vec<Sum>, Vec<(usize, usize, i64)>);

pub struct Account {
    pub account_id: Py<PyString>,
    pub name: Box<str>,
    /// None: its events are not kept.
    pub decider: Option<Py<Decider>>,
    /// Bytes of an update that has room for sure.
    pub attribute_bytes: usize,
    pub sums: Sums,
}

impl Account {
    /// `decided`: what decides its contacts, and bytes of an update that has room for sure.
    pub fn new(account_id: &Bound<'_, PyString>, name: &str, decided: Option<(Py<Decider>, usize)>) -> Self {
        let (decider, attribute_bytes) = decided.unzip();
        Self {
            account_id: account_id.clone().unbind(),
            name: name.into(),
            decider,
            attribute_bytes: attribute_bytes.unwrap_or(0),
            sums: Sums::default(),
        }
    }

    /// What was decided of it so far, and what still waits.
    pub fn summed(&self, py: Python<'_>) -> AccountSums {
        (self.account_id.clone_ref(py), self.sums.verdicts(), self.sums.pending())
    }
}

/// Accounts by number in the order of their names, and the rank of each in it.
pub fn ranked(accounts: &[Account]) -> (Vec<u32>, Vec<u32>) {
    let mut order: Vec<u32> = (0..accounts.len() as u32).collect();
    order.sort_unstable_by_key(|&account| &accounts[account as usize].name);
    let mut ranks = vec![0; accounts.len()];
    for (rank, &account) in order.iter().enumerate() {
        ranks[account as usize] = rank as u32;
    }
    (order, ranks)
}

/// An event, whose id and properties stand in `texts` one behind the other.
pub struct Row {
    pub time_us: i64,
    pub at: usize,
    pub properties_bytes: u32,
    pub id_bytes: u16,
    pub kind: u16,
}

impl Row {
    /// Bytes of its texts.
    pub fn bytes(&self) -> usize {
        usize::from(self.id_bytes) + self.properties_bytes as usize
    }
}

pub struct Contact {
    pub account: u32,
    pub contact_id: Box<str>,
    pub rows: Vec<Row>,
    /// The next contact whose name has the same hash.
    next: Option<u32>,
}

/// Contacts in the order in which they came, each of which is found by its account and id.
#[derive(Default)]
pub struct Contacts {
    pub all: Vec<Contact>,
    /// By the hash of account and id, under a key of this process: who chooses ids cannot make them meet.
    first_of: FxHashMap<u64, u32>,
    hashes: RandomState,
}

impl Contacts {
    fn hash_of(&self, account: u32, contact_id: &str) -> u64 {
        self.hashes.hash_one((account, contact_id))
    }

    /// Where a contact stands.
    pub fn find(&self, account: u32, contact_id: &str) -> Option<u32> {
        let mut next = self.first_of.get(&self.hash_of(account, contact_id)).copied();
        while let Some(at) = next {
            let contact = &self.all[at as usize];
            if contact.account == account && &*contact.contact_id == contact_id {
                return Some(at);
            }
            next = contact.next;
        }
        None
    }

    /// A contact, which is new if it was not there.
    pub fn of(&mut self, account: u32, contact_id: &str) -> &mut Contact {
        let at = self.find(account, contact_id).unwrap_or_else(|| self.add(account, contact_id));
        &mut self.all[at as usize]
    }

    fn add(&mut self, account: u32, contact_id: &str) -> u32 {
        let at = self.all.len() as u32;
        let next = self.first_of.insert(self.hash_of(account, contact_id), at);
        self.all.push(Contact { account, contact_id: contact_id.into(), rows: Vec::new(), next });
        at
    }
}

/// An event, by the texts that are kept and the types that their rows name.
pub fn event_of<'a>(texts: &'a str, types: &'a [Box<str>], row: &Row) -> Event<'a> {
    let middle = row.at + usize::from(row.id_bytes);
    Event {
        time_us: row.time_us,
        id: &texts[row.at..middle],
        event_type: &types[usize::from(row.kind)],
        properties: &texts[middle..row.at + row.bytes()],
    }
}

/// The rows of events, as `kittiwake.batch.event_rows` has them.
pub fn objects_of<'py>(py: Python<'py>, texts: &str, types: &[Box<str>], rows: &[Row]) -> PyResult<Bound<'py, PyList>> {
    let found = PyList::empty(py);
    for row in rows {
        let event = event_of(texts, types, row);
        let (id, event_type) = (PyString::new(py, event.id), PyString::intern(py, event.event_type));
        let properties = PyBytes::new(py, event.properties.as_bytes());
        found.append((event.time_us, id, event_type, properties).into_pyobject(py)? as Bound<'_, PyTuple>)?;
    }
    Ok(found)
}
