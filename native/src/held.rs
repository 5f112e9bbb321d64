//! Contacts in memory, which come out in the order of account and id once all of their events are here.

use crate::contacts::{ranked, Account, Contact, Contacts, Row, CONTACT_BYTES};
use crate::record::Record;
use crate::spilled::{put, Turn};

#[derive(Default)]
pub struct Held {
    pub contacts: Contacts,
    pub texts: String,
    rows: usize,
    /// Contacts in their order, and how far it has been gone through.
    order: Vec<u32>,
    at: usize,
    is_ordered: bool,
}

impl Held {
    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        self.texts.capacity() + self.rows * 2 * size_of::<Row>() + self.contacts.all.len() * CONTACT_BYTES
    }

    /// Keep an event of an account and a type.
    pub fn keep(&mut self, (account, kind): (u32, u16), record: &Record<'_>, properties: &str) {
        let at = self.texts.len();
        self.texts.push_str(record.event_id);
        self.texts.push_str(properties);
        let (id_bytes, properties_bytes) = (record.event_id.len() as u16, properties.len() as u32);
        let contact = self.contacts.of(account, record.contact_id);
        contact.rows.push(Row { time_us: record.time_us, at, properties_bytes, id_bytes, kind });
        self.rows += 1;
    }

    /// A contact, whose rows are here no longer.
    pub fn take(&mut self, account: u32, contact_id: &str) -> Option<Turn> {
        self.contacts.find(account, contact_id).map(|at| self.turn_of(at))
    }

    /// The next contact that has rows, if it is before another.
    pub fn next(&mut self, accounts: &[Account], before: Option<(&str, &str)>) -> Option<Turn> {
        self.put_in_order(accounts);
        while let Some(&at) = self.order.get(self.at) {
            if !is_before(self.name_of(accounts, at), before) {
                break;
            }
            self.at += 1;
            if !self.contacts.all[at as usize].rows.is_empty() {
                return Some(self.turn_of(at));
            }
        }
        None
    }

    /// Contacts in their order as a frame of a run, of some `bytes_min`, which are here no longer; empty: none are left.
    pub fn spill(&mut self, accounts: &[Account], bytes_min: usize) -> Vec<u8> {
        self.put_in_order(accounts);
        let mut frame = Vec::with_capacity(2 * bytes_min);
        while frame.len() < bytes_min {
            let Some(&at) = self.order.get(self.at) else { break };
            let contact = &mut self.contacts.all[at as usize];
            if contact.rows.is_empty() {
                self.at += 1;
                continue;
            }
            put(&mut frame, (contact.account, &contact.contact_id), &mut contact.rows, &self.texts, bytes_min);
        }
        if frame.is_empty() {
            *self = Self::default();
        }
        frame
    }

    fn turn_of(&mut self, at: u32) -> Turn {
        let contact = &mut self.contacts.all[at as usize];
        let (contact_id, rows) = (contact.contact_id.clone(), std::mem::take(&mut contact.rows));
        Turn { account: contact.account, contact_id, rows, texts: None }
    }

    fn name_of<'a>(&'a self, accounts: &'a [Account], at: u32) -> (&'a str, &'a str) {
        let contact = &self.contacts.all[at as usize];
        (&accounts[contact.account as usize].name, &contact.contact_id)
    }

    fn put_in_order(&mut self, accounts: &[Account]) {
        if self.is_ordered {
            return;
        }
        let (_, ranks) = ranked(accounts);
        let all = &self.contacts.all;
        let key =
            |(at, one): (usize, &Contact)| (ranks[one.account as usize], beginning_of(&one.contact_id), at as u32);
        let mut order: Vec<(u32, u64, u32)> = all.iter().enumerate().map(key).collect();
        order.sort_unstable_by(|one, other| {
            let rest = |at: u32| &all[at as usize].contact_id;
            (one.0, one.1).cmp(&(other.0, other.1)).then_with(|| rest(one.2).cmp(rest(other.2)))
        });
        (self.order, self.is_ordered) = (order.into_iter().map(|(_, _, at)| at).collect(), true);
    }
}

/// The first bytes of a text, which come in its order: most that differ do so here, and need not be looked up.
fn beginning_of(text: &str) -> u64 {
    let mut bytes = [0; size_of::<u64>()];
    for (byte, found) in bytes.iter_mut().zip(text.bytes()) {
        *byte = found;
    }
    u64::from_be_bytes(bytes)
}

pub fn is_before(name: (&str, &str), before: Option<(&str, &str)>) -> bool {
    before.is_none_or(|before| name < before)
}

#[cfg(test)]
mod tests {
    use super::beginning_of;

    #[test]
    fn beginnings_that_differ_are_in_the_order_of_their_texts() {
        let texts = ["", "\0", "a", "a\0", "a\0b", "ab", "c-042109", "c-042109x", "c-04210é", "c-0421é0", "é", "🐦"];
        for one in texts {
            for other in texts {
                let (beginning, another) = (beginning_of(one), beginning_of(other));
                assert!(beginning == another || (beginning < another) == (one < other), "{one:?} {other:?}");
            }
        }
    }
}
