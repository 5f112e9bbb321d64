//! The run of one contact: what it knows, and what it remembers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use pyo3::prelude::*;

use crate::events::Event;
use crate::rows::Id;

use super::clock::Clock;
use super::plan::Program;
use super::state::{Caused, Read, Row, RuleState};
use super::values::Value;
use super::{Contact, Left, Step};

/// Stands for the instance of an audience among the timers of a rule.
pub const AUDIENCE: usize = usize::MAX;

/// The run of one contact.
pub struct Run<'p, 'a, 'py> {
    pub py: Python<'py>,
    pub program: &'p Program,
    pub clock: &'p mut Clock,
    pub account_id: &'a str,
    pub contact_id: &'a str,
    pub events: &'a [Event<'a>],
    pub read: Read<'a>,
    pub account_zone: usize,
    pub zone: usize,
    pub attributes: Vec<Option<Value<'a>>>,
    pub consents: Vec<Option<bool>>,
    pub rules: Vec<RuleState<'a>>,
    pub timers: BinaryHeap<Reverse<(i64, usize, usize)>>,
    pub now_us: i64,
    pub has_begun: bool,
    pub caused: Vec<Caused<'a>>,
    pub winners: Vec<Id>,
    /// When, and of which rule.
    pub firings: Vec<(i64, usize)>,
    pub round_ends_us: Option<i64>,
    pub is_held_out: Option<bool>,
    pub rows: Vec<Row<'a>>,
    /// What the id of the last row is a digest of: kept for its room.
    pub identity: Vec<u8>,
}

impl<'p, 'a, 'py> Run<'p, 'a, 'py> {
    /// Of a contact that nothing has happened to yet.
    pub fn new(py: Python<'py>, program: &'p Program, clock: &'p mut Clock, contact: Contact<'a>) -> Step<Self> {
        let account_zone = clock.zone(py, &program.zone)?.ok_or(Left::NotMe)?;
        let (account_id, contact_id, events) = contact;
        Ok(Self {
            py,
            program,
            clock,
            account_id,
            contact_id,
            read: Read { fields: Vec::new(), ranges: vec![(1, 0); events.len()] },
            events,
            account_zone,
            zone: account_zone,
            attributes: vec![None; program.attributes.len()],
            consents: vec![None; program.purposes.len()],
            rules: program.rules.iter().map(|_| RuleState::default()).collect(),
            timers: BinaryHeap::new(),
            now_us: i64::MIN,
            has_begun: false,
            caused: Vec::new(),
            winners: Vec::new(),
            firings: Vec::new(),
            round_ends_us: None,
            is_held_out: None,
            rows: Vec::new(),
            identity: Vec::new(),
        })
    }
}
