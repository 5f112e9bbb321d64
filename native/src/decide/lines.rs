//! Decisions as the lines that are written of them, and counted: `kittiwake.output.rows` and `kittiwake.batch.counts`.
//!
//! What a line consists of stands in Python, which makes one of each rule with gaps (`kittiwake.batch.deciding.lines`).

use pyo3::prelude::*;
use rustc_hash::FxHashMap;

use crate::rows::{needs_no_escape, needs_no_line_escape, Id};
use crate::template::{Fields, Template};

use super::plan::Program;
use super::rows::{Words, ORDINAL_OF_1970};
use super::run::Run;
use super::state::{Kind, Outcome, Reason, Row};
use super::{Left, Step};

/// The texts between gaps, and the names of the gaps.
type Texts = (Vec<Vec<u8>>, Vec<String>);

/// Of a rule a line with events, and one without.
pub type LineTexts = (Texts, Texts);

/// What lines are made of.
pub struct LinePlan {
    lines: Vec<(Template, Template)>,
    kinds: Vec<String>,
    outcomes: Vec<String>,
    reasons: Vec<String>,
}

impl LinePlan {
    pub fn new(py: Python<'_>, texts: Vec<LineTexts>, words: &Words) -> PyResult<Self> {
        let line =
            |(with, without): LineTexts| Ok((Template::new(with.0, &with.1)?, Template::new(without.0, &without.1)?));
        let said = |words: &[Py<PyAny>]| words.iter().map(|word| word.bind(py).extract()).collect::<PyResult<_>>();
        Ok(Self {
            lines: texts.into_iter().map(line).collect::<PyResult<_>>()?,
            kinds: said(&words.kinds)?,
            outcomes: said(&words.outcomes)?,
            reasons: said(&words.reasons)?,
        })
    }
}

/// Lines, without the end of the last.
#[derive(Default)]
pub struct Written {
    pub all: Vec<u8>,
    /// Those of decisions that fired.
    pub fired: Vec<u8>,
}

impl Written {
    /// The same memory without lines.
    pub fn emptied(mut self) -> Self {
        self.all.clear();
        self.fired.clear();
        self
    }
}

/// How often a rule has decided so: rule, kind, outcome and reason by their numbers, and how often.
pub type Sum = (usize, usize, usize, Option<usize>, usize);

/// What was decided of an account, and what still waits.
#[derive(Default)]
pub struct Sums {
    verdicts: FxHashMap<(usize, Kind, Outcome, Option<Reason>), usize>,
    /// By rule: how many, and when the first of them falls due.
    pending: FxHashMap<usize, (usize, i64)>,
}

impl Sums {
    pub fn verdicts(&self) -> Vec<Sum> {
        let numbers = self.verdicts.iter().map(|(&(rule, kind, outcome, reason), number)| {
            (rule, kind as usize, outcome as usize, reason.map(|reason| reason as usize), *number)
        });
        numbers.collect()
    }

    pub fn pending(&self) -> Vec<(usize, usize, i64)> {
        self.pending.iter().map(|(rule, (number, next_us))| (*rule, *number, *next_us)).collect()
    }

    fn add(&mut self, rows: &[Row<'_>], pending: &[(usize, usize, i64)]) {
        for row in rows {
            *self.verdicts.entry((row.rule, row.candidate.kind, row.outcome, row.reason)).or_insert(0) += 1;
        }
        for &(rule, number, next_us) in pending {
            let sum = self.pending.entry(rule).or_insert((0, i64::MAX));
            *sum = (sum.0 + number, sum.1.min(next_us));
        }
    }
}

impl<'a> Run<'_, 'a, '_> {
    /// Add the lines of what was decided, in the order of a contact's decisions, and count it; or nothing of it.
    pub fn write(&mut self, plan: &LinePlan, out: &mut Written, sums: &mut Sums) -> Step<()> {
        let program = self.program;
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_unstable_by(|one, other| order_of(program, one).cmp(&order_of(program, other)));
        let (all, fired) = (out.all.len(), out.fired.len());
        for row in &rows {
            if let Err(left) = self.write_row(plan, row, out) {
                out.all.truncate(all);
                out.fired.truncate(fired);
                return Err(left);
            }
        }
        sums.add(&rows, &self.pending());
        Ok(())
    }

    fn write_row(&mut self, plan: &LinePlan, row: &Row<'a>, out: &mut Written) -> Step<()> {
        let include = self.include_text(row.rule, row.candidate.shown)?;
        let candidate = &row.candidate;
        let events =
            candidate.opened.zip(candidate.last).map(|(first, last)| (&self.events[first], &self.events[last]));
        let (first_id, first_us) = events.map_or(("", 0), |(first, _)| (first.id, first.time_us));
        let (last_id, last_us) = events.map_or(("", 0), |(_, last)| (last.id, last.time_us));
        if ![first_id, last_id].into_iter().all(needs_no_escape)
            || ![include.as_str(), &row.instance].into_iter().all(needs_no_line_escape)
        {
            return Err(Left::NotMe);
        }
        let reaches = &self.program.rules[row.rule].reaches;
        let fields = Fields {
            id: row.trigger_id.text(),
            account_id: self.account_id,
            contact_id: self.contact_id,
            kind: &plan.kinds[candidate.kind as usize],
            due_us: candidate.due_us,
            fired_us: (row.outcome == Outcome::Fired).then_some(row.decided_us),
            instance: &row.instance,
            threshold: candidate.threshold.zip(reaches.as_ref()).map_or("null", |(at, of)| &of.at_texts[at]),
            reminder: candidate.reminder,
            occurrence: candidate.occurrence.map(|ordinal| ordinal - ORDINAL_OF_1970),
            first_id,
            last_id,
            count: candidate.count,
            first_us,
            last_us,
            include: &include,
            decision: &plan.outcomes[row.outcome as usize],
            reason: row.reason.map(|reason| &*plan.reasons[reason as usize]),
            outranked_by: row.outranked_by.as_ref().map(Id::text),
        };
        let (with, without) = &plan.lines[row.rule];
        end_line(&mut out.all);
        let begin = out.all.len();
        if events.is_some() { with } else { without }.fill(&fields, &mut out.all);
        if row.outcome == Outcome::Fired {
            end_line(&mut out.fired);
            out.fired.extend_from_slice(&out.all[begin..]);
        }
        Ok(())
    }
}

fn end_line(lines: &mut Vec<u8>) {
    if !lines.is_empty() {
        lines.push(b'\n');
    }
}

/// As `order_key` of `kittiwake.batch.contacts`.
fn order_of<'r>(program: &Program, row: &'r Row<'_>) -> (i64, usize, &'r str, usize, Id) {
    let rank = program.rules[row.rule].id_rank;
    (row.candidate.due_us, rank, &row.instance, row.candidate.reminder.unwrap_or(0), row.trigger_id)
}
