//! Contacts in runs, each in order, that wait on disk until they are merged: as frames, which Python writes and reads.
//!
//! A frame has contacts one behind the other: account, bytes of the id, number of rows, the id, the rows, their texts.
//! A contact of which there is much takes several in a row. No other process reads them.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::BinaryHeap;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::contacts::{ranked, Account, Row};

/// A contact whose turn has come.
pub struct Turn {
    pub account: u32,
    pub contact_id: Box<str>,
    pub rows: Vec<Row>,
    /// Where the texts of its rows stand, if they come from disk.
    pub texts: Option<String>,
}

/// Append the last rows of a contact to a frame: one at least, and no more than have texts of `bytes_max`.
pub fn put(
    frame: &mut Vec<u8>,
    (account, contact_id): (u32, &str),
    rows: &mut Vec<Row>,
    texts: &str,
    bytes_max: usize,
) {
    let mut bytes = 0;
    let too_many = rows.iter().rposition(|row| {
        bytes += row.bytes();
        bytes > bytes_max
    });
    let from = too_many.map_or(0, |at| (at + 1).min(rows.len() - 1));
    for number in [account, contact_id.len() as u32, (rows.len() - from) as u32] {
        frame.extend_from_slice(&number.to_le_bytes());
    }
    frame.extend_from_slice(contact_id.as_bytes());
    for row in &rows[from..] {
        frame.extend_from_slice(&row.time_us.to_le_bytes());
        frame.extend_from_slice(&row.properties_bytes.to_le_bytes());
        frame.extend_from_slice(&row.id_bytes.to_le_bytes());
        frame.extend_from_slice(&row.kind.to_le_bytes());
    }
    for row in &rows[from..] {
        frame.extend_from_slice(&texts.as_bytes()[row.at..row.at + row.bytes()]);
    }
    rows.truncate(from);
}

/// The first contact of a run that was not taken yet.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    /// The place of its account among all.
    rank: u32,
    contact_id: Box<str>,
    run: usize,
}

/// A run as far as it was read.
#[derive(Default)]
struct Run {
    frame: Vec<u8>,
    at: usize,
}

/// Runs that are merged.
pub struct Runs {
    /// The next frame of a run by its number; empty: there is none.
    read: Py<PyAny>,
    runs: Vec<Run>,
    heads: BinaryHeap<Reverse<Head>>,
    /// As `ranked` has them.
    accounts: Vec<u32>,
    ranks: Vec<u32>,
}

impl Runs {
    /// `accounts` are those of the contacts, by their numbers.
    pub fn new(py: Python<'_>, number: usize, read: Py<PyAny>, accounts: &[Account]) -> PyResult<Self> {
        let (accounts, ranks) = ranked(accounts);
        let runs = (0..number).map(|_| Run::default()).collect();
        let mut merged = Self { read, runs, heads: BinaryHeap::with_capacity(number), accounts, ranks };
        for run in 0..number {
            merged.go_on(py, run)?;
        }
        Ok(merged)
    }

    /// The account and the id of the contact whose turn comes next.
    pub fn next(&self) -> Option<(u32, &str)> {
        let Reverse(head) = self.heads.peek()?;
        Some((self.accounts[head.rank as usize], &head.contact_id))
    }

    /// The next contact, with rows of all runs until they are more than `rows_max`: the others come when it is asked again.
    pub fn take(&mut self, py: Python<'_>, rows_max: usize) -> PyResult<Option<Turn>> {
        let Some((account, contact_id)) = self.next().map(|(account, id)| (account, Box::from(id))) else {
            return Ok(None);
        };
        let (mut rows, mut texts) = (Vec::new(), String::new());
        while rows.len() <= rows_max {
            let Some(run) = self.pop_of(account, &contact_id) else { break };
            self.runs[run].take_into(&mut rows, &mut texts).ok_or_else(broken)?;
            self.go_on(py, run)?;
        }
        Ok(Some(Turn { account, contact_id, rows, texts: Some(texts) }))
    }

    /// A run whose head is of a contact that comes next; it has no head from then on.
    fn pop_of(&mut self, account: u32, contact_id: &str) -> Option<usize> {
        let head = self.heads.peek_mut()?;
        let is_of = self.accounts[head.0.rank as usize] == account && &*head.0.contact_id == contact_id;
        is_of.then(|| PeekMut::pop(head).0.run)
    }

    /// Give a run its head, unless it is at its end.
    fn go_on(&mut self, py: Python<'_>, run: usize) -> PyResult<()> {
        let of = &mut self.runs[run];
        if of.at == of.frame.len() {
            let frame = self.read.bind(py).call1((run,))?;
            of.frame.clear();
            of.frame.extend_from_slice(frame.cast::<PyBytes>()?.as_bytes());
            of.at = 0;
        }
        if !of.frame.is_empty() {
            let (account, contact_id, _) = of.header().ok_or_else(broken)?;
            let rank = *self.ranks.get(account as usize).ok_or_else(broken)?;
            self.heads.push(Reverse(Head { rank, contact_id: contact_id.into(), run }));
        }
        Ok(())
    }
}

impl Run {
    /// Account, id and number of rows of the contact that stands next.
    fn header(&self) -> Option<(u32, &str, usize)> {
        let data = &mut self.frame.get(self.at..)?;
        let (account, bytes, rows) = (number(data)?, number(data)?, number(data)?);
        Some((account, std::str::from_utf8(data.get(..bytes as usize)?).ok()?, rows as usize))
    }

    /// Move on behind the contact that stands next, whose rows are appended, and their texts.
    fn take_into(&mut self, rows: &mut Vec<Row>, texts: &mut String) -> Option<()> {
        let (_, contact_id, number) = self.header()?;
        let begin = self.at + HEADER_BYTES + contact_id.len();
        let middle = begin + number * ROW_BYTES;
        let (start, mut at) = (texts.len(), texts.len());
        for fields in self.frame.get(begin..middle)?.chunks_exact(ROW_BYTES) {
            let row = row_of(fields, at)?;
            at += row.bytes();
            rows.push(row);
        }
        let end = middle + at - start;
        texts.push_str(std::str::from_utf8(self.frame.get(middle..end)?).ok()?);
        self.at = end;
        Some(())
    }
}

/// What stands before a contact's id.
const HEADER_BYTES: usize = 12;

/// Time, bytes of properties, bytes of the id, and type.
const ROW_BYTES: usize = 16;

fn row_of(mut fields: &[u8], at: usize) -> Option<Row> {
    let data = &mut fields;
    let time_us = i64::from_le_bytes(taken(data)?);
    let properties_bytes = number(data)?;
    let (id_bytes, kind) = (u16::from_le_bytes(taken(data)?), u16::from_le_bytes(taken(data)?));
    Some(Row { time_us, at, properties_bytes, id_bytes, kind })
}

fn number(data: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(taken(data)?))
}

fn taken<const N: usize>(data: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = data.split_first_chunk()?;
    *data = rest;
    Some(*first)
}

fn broken() -> PyErr {
    PyValueError::new_err("a run of contacts is broken")
}
