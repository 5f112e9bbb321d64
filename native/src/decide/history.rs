//! Look-backs, audiences, sequences and thresholds: `kittiwake.kernel.evaluate.history`, `run.conditions`,
//! `run.audience`, `run.sequence` and `run.thresholds`, of what is plain.

use super::matching::compares_numbers;
use super::plan::{Condition, Reaches, Route, Tree};
use super::run::{Run, AUDIENCE};
use super::state::{Caused, Kind, Reached, Slot, Texts};
use super::values::{Value, ONE};
use super::{Left, Step};

impl<'a> Slot<'a> {
    /// Forget what the span has passed; whether nothing is left.
    fn is_forgotten(&mut self, condition: &Condition, now_us: i64, keep_us: i64) -> bool {
        let Some(within_us) = condition.within_us else {
            return !condition.own_same.is_empty() && self.newest_us + keep_us <= now_us;
        };
        if condition.kind == "latest" {
            return self.newest_us + within_us <= now_us;
        }
        let passed = self.times_us.partition_point(|time_us| *time_us <= now_us - within_us);
        self.times_us.drain(..passed);
        if condition.kind == "sum" {
            self.total -= self.amounts.drain(..passed).sum::<i128>();
        }
        self.times_us.is_empty()
    }

    fn measured(&self, condition: &Condition) -> i128 {
        match (condition.kind.as_str(), condition.within_us) {
            ("latest", _) => ONE,
            ("count", Some(_)) => self.times_us.len() as i128 * ONE,
            _ => self.total,
        }
    }

    fn put(&mut self, condition: &Condition, amount: i128, now_us: i64) {
        self.newest_us = now_us;
        self.total += amount;
        if condition.kind != "latest" && condition.within_us.is_some() {
            self.times_us.push(now_us);
            if condition.kind == "sum" {
                self.amounts.push(amount);
            } else if self.times_us.len() > condition.kept {
                self.times_us.remove(0);
            }
        }
    }
}

impl<'a> Run<'_, 'a, '_> {
    /// Remember an event for a condition.
    pub fn record(&mut self, index: usize, place: usize, at: usize) -> Step<()> {
        let rule = &self.program.rules[index];
        let condition = &rule.conditions[place];
        let mut key = Texts::default();
        for name in &condition.own_same {
            let value = self.value(at, name)?.and_then(|value| value.key()).ok_or(Left::NotMe)?;
            key.push(value).ok_or(Left::NotMe)?;
        }
        let amount = if condition.kind == "sum" { self.amount(at, &condition.name)? } else { ONE };
        let (now_us, limits) = (self.now_us, &self.program.limits);
        let history = &mut self.rules[index].history;
        if history.is_empty() {
            history.resize_with(rule.conditions.len(), Vec::new);
        }
        let slots = &mut history[place];
        let is_sum_full = condition.kind == "sum"
            && condition.within_us.is_some()
            && slots.iter().map(|slot| slot.times_us.len()).sum::<usize>() >= limits.sum_entries;
        let known = slots.iter().position(|slot| slot.key == key);
        if is_sum_full || (known.is_none() && slots.len() >= limits.keys) {
            return Err(Left::NotMe);
        }
        let known = known.unwrap_or_else(|| {
            slots.push(Slot { key, times_us: Vec::new(), amounts: Vec::new(), total: 0, newest_us: now_us });
            slots.len() - 1
        });
        if slots[known].is_forgotten(condition, now_us, rule.keep_us) {
            slots[known].total = 0;
        }
        slots[known].put(condition, amount, now_us);
        Ok(())
    }

    fn amount(&mut self, at: usize, name: &str) -> Step<i128> {
        match self.value(at, name)? {
            Some(Value::Number(_, millionths)) => Ok(millionths),
            _ => Err(Left::NotMe),
        }
    }

    /// Whether `given` holds at a match.
    pub fn admits(&mut self, index: usize, _at: usize, same: &Texts<'a>) -> Step<bool> {
        match &self.program.rules[index].given {
            None => Ok(true),
            Some(tree) => self.tree_holds(index, tree, same),
        }
    }

    fn tree_holds(&mut self, index: usize, tree: &Tree, same: &Texts<'a>) -> Step<bool> {
        match tree.operator.as_str() {
            "leaf" => self.condition_holds(index, tree.leaf, same),
            "not" => Ok(!self.tree_holds(index, &tree.parts[0], same)?),
            operator => {
                let is_any = operator == "any";
                for part in &tree.parts {
                    if self.tree_holds(index, part, same)? == is_any {
                        return Ok(is_any);
                    }
                }
                Ok(!is_any)
            }
        }
    }

    fn condition_holds(&mut self, index: usize, place: usize, same: &Texts<'a>) -> Step<bool> {
        let rule = &self.program.rules[index];
        let condition = &rule.conditions[place];
        let mut key = Texts::default();
        for &at in &condition.asked_same {
            key.push(same.get(at)).ok_or(Left::NotMe)?;
        }
        let now_us = self.now_us;
        let slots = self.rules[index].history.get_mut(place);
        let slot = slots.and_then(|slots| slots.iter_mut().find(|slot| slot.key == key));
        let value = match slot {
            None => 0,
            Some(slot) => {
                if slot.is_forgotten(condition, now_us, rule.keep_us) {
                    slot.total = 0;
                    0
                } else {
                    slot.measured(condition)
                }
            }
        };
        compares_numbers(&condition.operator, value, i128::from(condition.bound))
    }

    // ------------------------------------------------------------ audiences

    /// Evaluate membership; an edge becomes a candidate.
    pub fn evaluate_membership(&mut self, index: usize, event: Option<usize>) -> Step<()> {
        let rule = &self.program.rules[index];
        let tree = rule.audience.as_ref().ok_or(Left::NotMe)?;
        let member = self.has_begun && self.tree_holds(index, tree, &Texts::default())?;
        let is_readied = event.is_none() && rule.ready_us == Some(self.now_us);
        if member != self.rules[index].member || (member && is_readied) {
            self.rules[index].member = member;
            let kind = if member { Kind::Entered } else { Kind::Exited };
            let mut candidate = self.candidate_now(event.unwrap_or(0), Texts::default(), kind);
            (candidate.opened, candidate.last, candidate.shown) = (event, event, event);
            let place = self.place_or_new(index, Texts::default())?;
            self.caused.push(Caused { rule: index, place, candidate, superseded: false, released: false });
        }
        for (place, condition) in rule.conditions.iter().enumerate() {
            if let Some(end_us) = self.next_end_us(index, place, condition) {
                self.set_timer(end_us, index, AUDIENCE);
            }
        }
        Ok(())
    }

    /// When the answer of a condition can change by time alone.
    fn next_end_us(&self, index: usize, place: usize, condition: &Condition) -> Option<i64> {
        let slot = self.rules[index].history.get(place)?.first()?;
        let within_us = condition.within_us?;
        if condition.kind == "latest" {
            return Some(slot.newest_us + within_us).filter(|end_us| *end_us > self.now_us);
        }
        let times_us = &slot.times_us;
        let at = times_us.partition_point(|time_us| *time_us + within_us <= self.now_us);
        times_us.get(at).map(|time_us| time_us + within_us)
    }

    // ------------------------------------------------------------ sequences

    /// A step of a sequence: the last of a chain is a match.
    pub fn step(&mut self, route: &Route, at: usize) -> Step<()> {
        let index = route.rule;
        let (length, within_us) = self.program.rules[index].sequence.ok_or(Left::NotMe)?;
        let key = self.key_of(index, at)?;
        let known = self.rules[index].place(&key);
        let none = Vec::new();
        let mut extended: Option<Vec<Option<i64>>> = None;
        let mut completes = false;
        for (k, asked) in &route.steps {
            if !self.asks(asked.as_ref(), at)? {
                continue;
            }
            let prefixes = known.map_or(&none, |place| &self.rules[index].instances[place].prefixes);
            let start_us = if *k == 0 {
                self.now_us
            } else {
                match prefixes.get(k - 1).copied().flatten() {
                    Some(before_us) if self.now_us - before_us < within_us => before_us,
                    _ => continue,
                }
            };
            if *k == length - 1 {
                completes = true;
                break;
            }
            let found = extended.get_or_insert_with(|| {
                let mut found = prefixes.clone();
                found.resize(length - 1, None);
                found
            });
            if found[*k].is_none_or(|newest_us| start_us > newest_us) {
                found[*k] = Some(start_us);
            }
        }
        if completes {
            extended = Some(Vec::new());
        }
        let Some(extended) = extended else { return Ok(()) };
        let place = self.place_or_new(index, key)?;
        self.rules[index].instances[place].prefixes = extended;
        if completes {
            self.arrive(index, at)?;
        }
        Ok(())
    }

    // ------------------------------------------------------------ thresholds

    /// A match of a rule with `reaches`: it is counted, and crosses thresholds.
    pub fn reach(&mut self, index: usize, reaches: &Reaches, at: usize, key: Texts<'a>, same: Texts<'a>) -> Step<()> {
        let added = match &reaches.name {
            None => ONE,
            Some(name) => self.amount(at, name)?,
        };
        let (now_us, rule) = (self.now_us, &self.program.rules[index]);
        let place = self.place_or_new(index, key)?;
        let kept = &mut self.rules[index].instances[place].reached;
        let is_over = |one: &mut Reached| !rule.per.is_empty() && one.newest_us + rule.keep_us <= now_us;
        if kept.as_mut().is_none_or(is_over) {
            *kept = Some(Reached { total: 0, used: Vec::new(), newest_us: now_us });
        }
        let reached = kept.as_mut().ok_or(Left::NotMe)?;
        let before = reached.total;
        reached.total += added;
        reached.newest_us = now_us;
        let mut crossed = Vec::new();
        for (threshold, value) in reaches.at.iter().map(|value| i128::from(*value)).enumerate() {
            if before < value && value <= reached.total && !reached.used.contains(&threshold) {
                crossed.push(threshold);
            }
        }
        reached.used.extend(&crossed);
        if crossed.is_empty() || !self.admits(index, at, &same)? {
            return Ok(());
        }
        let newest = crossed.last().copied();
        for threshold in crossed {
            let mut candidate = self.candidate_now(at, same, Kind::Fired);
            candidate.threshold = Some(threshold);
            candidate.kept_span = (!rule.per.is_empty()).then(|| now_us.div_euclid(rule.keep_us));
            let superseded = Some(threshold) != newest;
            self.caused.push(Caused { rule: index, place, candidate, superseded, released: false });
        }
        Ok(())
    }
}
