//! One contact passing through time: `kittiwake.kernel.run.timeline` and what an event does in `run.dispatch`.
//!
//! Every exit with `Left::NotMe` leaves the contact to the kernel in Python: it has changed nothing there.

use std::cmp::Reverse;

use crate::events::{ENDINGS, UPDATED};

use super::matching::holds;
use super::plan::Route;
use super::run::{Run, AUDIENCE};
use super::state::{Candidate, Caused, Instance, Kind, Texts};
use super::values::{found, read_fields, Field, Value};
use super::{Left, Step};

const GRANTED: &str = "consent.granted";
const WITHDRAWN: &str = "consent.withdrawn";
const ITEM_MARK: char = '*';
const UNMATCHED_BY_ANY: [&str; 2] = ["contact.", "consent."];

impl<'a> Run<'_, 'a, '_> {
    /// Let the history pass up to `until_us`; all its events lie before.
    pub fn walk(&mut self, until_us: i64) -> Step<()> {
        self.check(until_us)?;
        for &(at_us, rule) in &self.program.readied {
            self.timers.push(Reverse((at_us, rule, AUDIENCE)));
        }
        for at in 0..self.events.len() {
            let now_us = self.events[at].time_us;
            self.pass_time(now_us)?;
            self.now_us = now_us;
            self.has_begun = true;
            self.take(at)?;
            for (rule, place) in self.due() {
                self.release(rule, place)?;
            }
            self.gate_all()?;
        }
        self.pass_time(until_us)?;
        self.now_us = until_us;
        self.leave_deferred()
    }

    /// Leave what only Python knows: instants that events share, and a contact that may be forgotten.
    fn check(&self, until_us: i64) -> Step<()> {
        let retention_us = self.program.retention_us;
        let mut before_us = None;
        let times_us = self.events.iter().map(|event| event.time_us);
        for now_us in times_us.chain((!self.events.is_empty()).then_some(until_us)) {
            if before_us.is_some_and(|before_us| now_us - before_us >= retention_us || now_us <= before_us) {
                return Err(Left::NotMe);
            }
            before_us = Some(now_us);
        }
        let updates = self.events.iter().filter(|event| event.event_type == UPDATED);
        let is_too_much =
            updates.map(|event| event.properties.len()).sum::<usize>() > self.program.limits.attribute_bytes;
        if is_too_much || self.events.len() > self.program.limits.ids {
            return Err(Left::NotMe);
        }
        Ok(())
    }

    /// What falls due up to and at an instant.
    fn pass_time(&mut self, until_us: i64) -> Step<()> {
        while let Some(&Reverse((at_us, _, _))) = self.timers.peek() {
            if at_us > until_us {
                break;
            }
            self.now_us = at_us;
            for (rule, place) in self.due() {
                self.release(rule, place)?;
                if place == AUDIENCE {
                    self.evaluate_membership(rule, None)?;
                }
            }
            self.gate_all()?;
        }
        Ok(())
    }

    fn release(&mut self, rule: usize, place: usize) -> Step<()> {
        let place = if place == AUDIENCE { self.rules[rule].place(&Texts::default()) } else { Some(place) };
        place.map_or(Ok(()), |place| self.fall_due(rule, place))
    }

    /// Take off the timers that are due now, each once.
    fn due(&mut self) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        while let Some(&Reverse((at_us, rule, place))) = self.timers.peek() {
            if at_us > self.now_us {
                break;
            }
            self.timers.pop();
            if !found.contains(&(rule, place)) {
                found.push((rule, place));
            }
        }
        found
    }

    pub fn set_timer(&mut self, at_us: i64, rule: usize, place: usize) {
        let is_audience = place != AUDIENCE && self.program.rules[rule].audience.is_some();
        self.timers.push(Reverse((at_us, rule, if is_audience { AUDIENCE } else { place })));
    }

    // ------------------------------------------------------------ events

    fn take(&mut self, at: usize) -> Step<()> {
        let event_type = self.events[at].event_type;
        let program = self.program;
        let routes = match program.by_type.get(event_type) {
            Some(routes) => routes,
            None if event_type.starts_with(ITEM_MARK) => return Err(Left::NotMe),
            None if UNMATCHED_BY_ANY.iter().any(|prefix| event_type.starts_with(prefix)) => &program.of_contact,
            None => &program.of_any,
        };
        match event_type {
            UPDATED => self.update(at)?,
            GRANTED => self.consent(at, true)?,
            WITHDRAWN => self.consent(at, false)?,
            _ if ENDINGS.contains(&event_type) => return Err(Left::NotMe),
            _ => {}
        }
        routes.iter().try_for_each(|route| self.pass(route, at))
    }

    /// What an event does in one rule: `unless`, history, `when`.
    fn pass(&mut self, route: &Route, at: usize) -> Step<()> {
        self.disarm_by(route, at)?;
        for (condition, asked) in &route.records {
            if self.asks(asked.as_ref(), at)? {
                self.record(route.rule, *condition, at)?;
            }
        }
        if self.program.rules[route.rule].audience.is_some() {
            return self.evaluate_membership(route.rule, Some(at));
        }
        if !route.steps.is_empty() {
            return self.step(route, at);
        }
        if route.is_when && self.asks(route.when.as_ref(), at)? {
            self.arrive(route.rule, at)?;
        }
        Ok(())
    }

    /// A match finds where in its rule it belongs, and does there what its rule is about.
    pub fn arrive(&mut self, index: usize, at: usize) -> Step<()> {
        let rule = &self.program.rules[index];
        let key = self.key_of(index, at)?;
        let mut same = Texts::default();
        for name in &rule.same {
            let value = self.value(at, name)?.and_then(|value| value.key()).ok_or(Left::NotMe)?;
            same.push(value).ok_or(Left::NotMe)?;
        }
        if let Some(reaches) = &rule.reaches {
            return self.reach(index, reaches, at, key, same);
        }
        match &rule.wait {
            Some(wait) => self.wait(index, wait, at, key, same),
            None => {
                if self.admits(index, at, &same)? {
                    let place = self.place_or_new(index, key)?;
                    let candidate = self.candidate_now(at, same, Kind::Fired);
                    self.caused.push(Caused { rule: index, place, candidate, superseded: false, released: false });
                }
                Ok(())
            }
        }
    }

    pub fn candidate_now(&self, at: usize, same: Texts<'a>, kind: Kind) -> Candidate<'a> {
        Candidate {
            kind,
            due_us: self.now_us,
            opened: Some(at),
            last: Some(at),
            count: 1,
            shown: Some(at),
            same,
            reminder: None,
            threshold: None,
            occurrence: None,
            kept_span: None,
        }
    }

    pub fn key_of(&mut self, index: usize, at: usize) -> Step<Texts<'a>> {
        let mut key = Texts::default();
        for (_, name) in &self.program.rules[index].per {
            let value = self.value(at, name)?.and_then(|value| value.key()).ok_or(Left::NotMe)?;
            key.push(value).ok_or(Left::NotMe)?;
        }
        Ok(key)
    }

    /// The place of an instance, made if it is not there.
    pub fn place_or_new(&mut self, index: usize, key: Texts<'a>) -> Step<usize> {
        if let Some(place) = self.rules[index].place(&key) {
            return Ok(place);
        }
        let instances = &mut self.rules[index].instances;
        if instances.len() >= self.program.limits.keys {
            return Err(Left::NotMe);
        }
        instances.push(Instance { key, ..Instance::default() });
        Ok(instances.len() - 1)
    }

    // ------------------------------------------------------------ properties

    pub fn asks(&mut self, asked: Option<&super::plan::Predicate>, at: usize) -> Step<bool> {
        match asked {
            None => Ok(true),
            Some(predicate) => holds(predicate, self.fields(at)?),
        }
    }

    pub fn value(&mut self, at: usize, name: &str) -> Step<Option<Value<'a>>> {
        Ok(found(self.fields(at)?, name))
    }

    /// The properties of an event, read when they are first asked for.
    pub fn fields(&mut self, at: usize) -> Step<&[Field<'a>]> {
        let (begin, end) = self.read.ranges[at];
        if begin <= end {
            return Ok(&self.read.fields[begin..end]);
        }
        let begin = self.read.fields.len();
        read_fields(self.events[at].properties, &mut self.read.fields).ok_or(Left::NotMe)?;
        let end = self.read.fields.len();
        self.read.ranges[at] = (begin, end);
        Ok(&self.read.fields[begin..end])
    }
}
