//! What is remembered of one contact while its history is walked: `kittiwake.kernel.state.state`, without copies.

use std::borrow::Cow;
use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use crate::rows::Id;

use super::clock::Reminder;
use super::values::{Field, Value};

/// Values of one event that make a key: most have one.
pub const KEY_VALUES_MAX: usize = 3;

/// The canonical JSON of up to three values.
#[derive(Clone, Copy, Default, Debug)]
pub struct Texts<'a> {
    /// Of all texts: most that differ differ in it, and a rule may have many.
    hash: u64,
    length: usize,
    texts: [&'a str; KEY_VALUES_MAX],
}

impl PartialEq for Texts<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.all() == other.all()
    }
}

impl Eq for Texts<'_> {}

impl<'a> Texts<'a> {
    pub fn push(&mut self, text: &'a str) -> Option<()> {
        *self.texts.get_mut(self.length)? = text;
        self.length += 1;
        self.hash = FxBuildHasher.hash_one((self.hash, text));
        Some(())
    }

    pub fn get(&self, index: usize) -> &'a str {
        self.texts[index]
    }

    pub fn all(&self) -> &[&'a str] {
        &self.texts[..self.length]
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    Fired,
    Entered,
    Exited,
}

/// Something that fell due. Events go by their place in the history.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    pub kind: Kind,
    pub due_us: i64,
    pub opened: Option<usize>,
    pub last: Option<usize>,
    pub count: usize,
    /// The event that `include` shows.
    pub shown: Option<usize>,
    pub same: Texts<'a>,
    pub reminder: Option<usize>,
    pub threshold: Option<usize>,
    pub occurrence: Option<i64>,
    /// Of a threshold with `per`: which span of `keep` it was crossed in.
    pub kept_span: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct Held<'a> {
    pub release_us: i64,
    pub candidate: Candidate<'a>,
    pub in_round: bool,
}

#[derive(Clone, Debug)]
pub struct Episode<'a> {
    pub opened: usize,
    pub last: usize,
    pub count: usize,
    pub shown: usize,
    pub same: Texts<'a>,
    /// The earliest first.
    pub reminders: Vec<Reminder>,
    pub target: Option<Value<'a>>,
    pub fired: bool,
    pub occurrence: Option<i64>,
    pub fallen: Vec<usize>,
}

#[derive(Debug)]
pub struct Reached {
    pub total: i128,
    pub used: Vec<usize>,
    pub newest_us: i64,
}

#[derive(Debug, Default)]
pub struct Instance<'a> {
    pub key: Texts<'a>,
    pub episode: Option<Episode<'a>>,
    pub held: Option<Held<'a>>,
    pub prefixes: Vec<Option<i64>>,
    pub reached: Option<Reached>,
    pub fired_us: Option<i64>,
}

/// What a condition remembers under one key.
#[derive(Debug)]
pub struct Slot<'a> {
    pub key: Texts<'a>,
    pub times_us: Vec<i64>,
    /// Of a sum, beside their times.
    pub amounts: Vec<i128>,
    pub total: i128,
    pub newest_us: i64,
}

#[derive(Debug, Default)]
pub struct RuleState<'a> {
    pub instances: Vec<Instance<'a>>,
    /// By condition.
    pub history: Vec<Vec<Slot<'a>>>,
    pub member: bool,
    pub entered_fired: bool,
    pub entered_held_out: bool,
}

impl<'a> RuleState<'a> {
    pub fn place(&self, key: &Texts<'a>) -> Option<usize> {
        self.instances.iter().position(|one| one.key == *key)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    Fired,
    Suppressed,
    Cancelled,
    Deferred,
}

/// Why, in the order of `kittiwake.batch.deciding.plan.REASONS`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    NotReady,
    NoConsent,
    Reentry,
    QuietHours,
    Arbitration,
    Outranked,
    FrequencyCap,
    Expired,
    Holdout,
    Shadow,
    Superseded,
    Unless,
    NotEntered,
    Exited,
}

/// A decision.
#[derive(Debug)]
pub struct Row<'a> {
    pub trigger_id: Id,
    pub rule: usize,
    pub instance: Cow<'static, str>,
    pub candidate: Candidate<'a>,
    pub outcome: Outcome,
    pub reason: Option<Reason>,
    pub decided_us: i64,
    pub outranked_by: Option<Id>,
}

/// A candidate before the gates of this instant.
#[derive(Debug)]
pub struct Caused<'a> {
    pub rule: usize,
    /// The place of its instance.
    pub place: usize,
    pub candidate: Candidate<'a>,
    pub superseded: bool,
    pub released: bool,
}

/// The properties of events that have been read, by their place.
#[derive(Default)]
pub struct Read<'a> {
    pub fields: Vec<Field<'a>>,
    /// Of each event, where its own begin and end; the beginning behind the end: not read yet.
    pub ranges: Vec<(usize, usize)>,
}
