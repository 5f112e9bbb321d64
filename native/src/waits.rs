//! Rules of plain `wait` over the whole history of a contact: what `kittiwake.kernel.run.sweep` does.
//!
//! At anything that it leaves to the timeline this says "not me", and at more: a duplicate that differs, an id that
//! comes back at another time, a text that needs escapes.

use std::collections::HashMap;

use pyo3::prelude::*;

use crate::rows::{id_of, needs_no_escape, Fields, Template};

const ARMS: u8 = 1;
const DISARMS: u8 = 2;

/// When nothing is pending, it falls due: later than any instant.
const NEVER_US: i64 = 1 << 62;

/// What the rules of accounts with equal rules do with events.
#[pyclass(frozen)]
pub struct Waits {
    types: Vec<String>,
    numbers: HashMap<String, u16>,
    /// The type of events that set attributes, and how many bytes of them have room for sure.
    updated: Option<(u16, usize)>,
    retention_us: i64,
    rows_max: usize,
    rules: Vec<Rule>,
}

/// A rule of plain `wait`.
struct Rule {
    /// By type: ARMS | DISARMS.
    does: Vec<u8>,
    /// Silence after arming, one reminder each.
    delays_us: Vec<i64>,
    /// Where it stands among the rules by its id.
    rank: usize,
    identity: Template,
    line: Template,
}

/// The texts between gaps, and the names of the gaps.
type Texts = (Vec<Vec<u8>>, Vec<String>);

/// A rule as Python says it: what it does by type, its delays, its rank by id, what makes an id, and a row.
type RuleTexts = (Vec<u8>, Vec<i64>, usize, Texts, Texts);

#[pymethods]
impl Waits {
    /// Of types; which of them sets attributes, and the bytes of them that have room for sure; the rules.
    #[new]
    fn new(
        types: Vec<String>,
        updated: Option<(u16, usize)>,
        retention_us: i64,
        rows_max: usize,
        rules: Vec<RuleTexts>,
    ) -> PyResult<Self> {
        let numbers = types.iter().cloned().zip(0..).collect();
        let rules = rules.into_iter().map(|(does, delays_us, rank, identity, line)| {
            let (identity, line) = (Template::new(identity.0, &identity.1)?, Template::new(line.0, &line.1)?);
            Ok(Rule { does, delays_us, rank, identity, line })
        });
        Ok(Self { numbers, updated, retention_us, rows_max, rules: rules.collect::<PyResult<_>>()?, types })
    }
}

impl Waits {
    /// The number of a type whose events are kept here.
    pub fn number_of(&self, event_type: &str) -> Option<u16> {
        self.numbers.get(event_type).copied()
    }

    pub fn types(&self) -> &[String] {
        &self.types
    }

    pub fn rules(&self) -> usize {
        self.rules.len()
    }

    /// Whether nothing but its type, id and time can matter of an event here: of updates their size does.
    pub fn keeps(&self, kind: u16, properties: &str) -> bool {
        match self.updated {
            Some((updated, bytes_max)) if updated == kind => {
                properties.len() <= bytes_max && !properties.contains('\\')
            }
            _ => true,
        }
    }

    /// Whether an event may set a zone, which is nothing to plain waits, and counted if there is no such.
    pub fn may_set_zone(&self, kind: u16, properties: &str) -> bool {
        self.updated.is_some_and(|(updated, _)| updated == kind) && properties.contains("timezone")
    }
}

/// An event of a contact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment<'a> {
    pub time_us: i64,
    pub event_id: &'a str,
    pub event_type: &'a str,
    pub properties: &'a str,
    pub kind: u16,
}

/// What was decided of a contact.
#[derive(Default)]
pub struct Verdict {
    pub duplicates: usize,
    pub unsettled: usize,
    /// By rule: how often it fired.
    pub fired: Vec<usize>,
    /// By rule: when what still waits falls due.
    pub pending_us: Vec<Option<i64>>,
}

/// An episode that has fallen due.
struct Firing {
    due_us: i64,
    rule: usize,
    reminder: usize,
    first: usize,
    last: usize,
    count: usize,
}

/// Decides contacts one after the other; holds what they share.
#[derive(Default)]
pub struct Decider {
    firings: Vec<Firing>,
    by_id: Vec<usize>,
    identity: Vec<u8>,
}

impl Decider {
    /// Decide everything of a contact up to the end of the run, and add its rows to `out`, each with a line's end before
    /// it if it is not the first. None: not me; nothing is added.
    pub fn decide(
        &mut self,
        waits: &Waits,
        account_id: &str,
        contact_id: &str,
        moments: &mut Vec<Moment<'_>>,
        until_us: i64,
        out: &mut Vec<u8>,
    ) -> Option<Verdict> {
        if moments.len() > waits.rows_max || !needs_no_escape(contact_id) || !needs_no_escape(account_id) {
            return None;
        }
        let number = moments.len();
        moments.sort_unstable();
        let unsettled = number - moments.partition_point(|one| one.time_us < until_us);
        moments.dedup();
        if !self.have_distinct_ids(moments) {
            return None;
        }
        let decided = &moments[..moments.partition_point(|one| one.time_us < until_us)];
        if !is_swept(waits, decided, until_us) {
            return None;
        }
        let mut verdict = Verdict { duplicates: number - moments.len(), unsettled, ..Verdict::default() };
        self.firings.clear();
        for (index, rule) in waits.rules.iter().enumerate() {
            let before = self.firings.len();
            verdict.pending_us.push(sweep(index, rule, decided, until_us, &mut self.firings));
            verdict.fired.push(self.firings.len() - before);
        }
        self.write(waits, (account_id, contact_id), decided, out)?;
        Some(verdict)
    }

    /// Whether no two events share id and type.
    fn have_distinct_ids(&mut self, moments: &[Moment<'_>]) -> bool {
        let name = |index: &usize| (moments[*index].event_id, moments[*index].kind);
        self.by_id.clear();
        self.by_id.extend(0..moments.len());
        self.by_id.sort_unstable_by_key(name);
        self.by_id.windows(2).all(|two| name(&two[0]) != name(&two[1]))
    }

    fn write(&mut self, waits: &Waits, subject: (&str, &str), moments: &[Moment<'_>], out: &mut Vec<u8>) -> Option<()> {
        let texts = self.firings.iter().flat_map(|one| [moments[one.first].event_id, moments[one.last].event_id]);
        if !{ texts }.all(needs_no_escape) {
            return None;
        }
        self.firings.sort_unstable_by_key(|one| (one.due_us, waits.rules[one.rule].rank, one.reminder));
        for one in &self.firings {
            let (rule, first, last) = (&waits.rules[one.rule], &moments[one.first], &moments[one.last]);
            let fields = Fields {
                account_id: subject.0,
                contact_id: subject.1,
                due_us: one.due_us,
                first_id: first.event_id,
                first_us: first.time_us,
                first_type: first.event_type,
                last_id: last.event_id,
                last_us: last.time_us,
                count: one.count,
                reminder: one.reminder,
            };
            self.identity.clear();
            rule.identity.fill(&fields, &[], &mut self.identity);
            if !out.is_empty() {
                out.push(b'\n');
            }
            rule.line.fill(&fields, &id_of(&self.identity), out);
        }
        Some(())
    }
}

/// Whether no two events share an instant, and the contact was never silent for so long that it may be forgotten.
fn is_swept(waits: &Waits, moments: &[Moment<'_>], until_us: i64) -> bool {
    let (Some(first), Some(last)) = (moments.first(), moments.last()) else {
        return true;
    };
    let is_apart = moments.windows(2).all(|two| two[0].time_us < two[1].time_us);
    let gaps = || moments.windows(2).map(|two| two[1].time_us - two[0].time_us);
    let is_short = until_us - first.time_us < waits.retention_us;
    let has_gap = || gaps().chain([until_us - last.time_us]).any(|gap_us| gap_us >= waits.retention_us);
    is_apart && (is_short || !has_gap())
}

/// An episode under way: its first and newest event, their number, and the reminders already decided.
struct Episode {
    first: usize,
    last: usize,
    count: usize,
    decided: usize,
}

/// What of one rule has fallen due, and when what still waits does.
fn sweep(index: usize, rule: &Rule, moments: &[Moment<'_>], until_us: i64, firings: &mut Vec<Firing>) -> Option<i64> {
    let (mut open, mut due_us) = (None::<Episode>, NEVER_US);
    let mut fire = |open: &mut Option<Episode>, due_us: i64| {
        let Some(episode) = open else { return NEVER_US };
        let Episode { first, last, count, decided } = *episode;
        firings.push(Firing { due_us, rule: index, reminder: decided, first, last, count });
        episode.decided += 1;
        match rule.delays_us.get(episode.decided) {
            Some(delay_us) => moments[last].time_us + delay_us,
            None => {
                *open = None;
                NEVER_US
            }
        }
    };
    for (at, moment) in moments.iter().enumerate() {
        let does = rule.does[usize::from(moment.kind)];
        if does == 0 {
            continue;
        }
        while due_us <= moment.time_us {
            due_us = fire(&mut open, due_us);
        }
        if does & DISARMS != 0 {
            (open, due_us) = (None, NEVER_US);
        }
        if does & ARMS != 0 {
            let episode = open.get_or_insert(Episode { first: at, last: at, count: 0, decided: 0 });
            episode.last = at;
            episode.count += 1;
            due_us = moment.time_us + rule.delays_us[episode.decided];
        }
    }
    while due_us <= until_us {
        due_us = fire(&mut open, due_us);
    }
    (due_us != NEVER_US).then_some(due_us)
}
