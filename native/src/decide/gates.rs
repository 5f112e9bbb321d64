//! Gates: `kittiwake.kernel.run.gating` and `run.eligibility`, of what is plain.

use sha2::{Digest, Sha256};

use crate::rows::Id;

use super::clock::Clock;
use super::plan::Cap;
use super::run::Run;
use super::state::{Candidate, Caused, Held, Kind, Outcome, Reason};
use super::{Left, Step};

impl<'a> Run<'_, 'a, '_> {
    /// Give every candidate of this part of the instant what becomes of it.
    pub fn gate_all(&mut self) -> Step<()> {
        if self.caused.is_empty() {
            return Ok(());
        }
        let mut caused = std::mem::take(&mut self.caused);
        self.winners.clear();
        if caused.len() > 1 {
            caused.sort_by_cached_key(|one| {
                let rank = self.program.rules[one.rule].rank;
                let of = &one.candidate;
                let reminder = of.reminder.map_or(-1, |index| index as i64);
                let threshold = of.threshold.map_or(-1, |index| index as i64);
                (rank, self.key_text(one.rule, one.place), reminder, threshold, of.due_us)
            });
        }
        let asked: Vec<(usize, usize)> = caused.iter().map(|one| (one.rule, one.place)).collect();
        for one in caused {
            if one.superseded {
                let reason = Some(Reason::Superseded);
                self.decide(one.rule, one.place, one.candidate, Outcome::Suppressed, reason, None)?;
            } else if one.candidate.kind == Kind::Exited {
                self.exit(one)?;
            } else {
                self.ask(one)?;
            }
        }
        for (rule, place) in asked {
            self.end_if_over(rule, place);
        }
        Ok(())
    }

    fn ask(&mut self, one: Caused<'a>) -> Step<()> {
        if one.candidate.kind == Kind::Entered {
            let state = &mut self.rules[one.rule];
            (state.entered_fired, state.entered_held_out) = (false, false);
        }
        let reason = self.refused_by(&one)?;
        match reason {
            None | Some(Reason::Holdout | Reason::Shadow) => self.pass_gates(one, reason),
            Some(Reason::QuietHours | Reason::Arbitration) => self.defer(one, reason == Some(Reason::Arbitration)),
            Some(_) => {
                let winner = if reason == Some(Reason::Outranked) { self.winners.last().copied() } else { None };
                self.decide(one.rule, one.place, one.candidate, Outcome::Suppressed, reason, winner)
            }
        }
    }

    fn pass_gates(&mut self, one: Caused<'a>, unsent: Option<Reason>) -> Step<()> {
        let (rule, now_us) = (&self.program.rules[one.rule], self.now_us);
        if !rule.transactional && !rule.shadow && !rule.caps.is_empty() {
            self.firings.push((now_us, one.rule));
        }
        let instance = &mut self.rules[one.rule].instances[one.place];
        if let Some(episode) = &mut instance.episode {
            episode.fired = true;
        }
        if rule.reentry_us.is_some() {
            instance.fired_us = Some(now_us);
        }
        if one.candidate.kind == Kind::Entered {
            let state = &mut self.rules[one.rule];
            (state.entered_fired, state.entered_held_out) = (true, unsent == Some(Reason::Holdout));
        }
        let outcome = if unsent.is_none() { Outcome::Fired } else { Outcome::Suppressed };
        self.decide(one.rule, one.place, one.candidate, outcome, unsent, None)?;
        if self.program.arbitration.is_some() && !rule.transactional && !rule.shadow {
            let trigger_id = self.rows.last().map(|row| row.trigger_id).ok_or(Left::NotMe)?;
            self.winners.push(trigger_id);
        }
        Ok(())
    }

    fn defer(&mut self, one: Caused<'a>, in_round: bool) -> Step<()> {
        if let Some(held) = self.rules[one.rule].instances[one.place].held.take() {
            let reason = Some(Reason::Superseded);
            self.decide(one.rule, one.place, held.candidate, Outcome::Suppressed, reason, None)?;
        }
        let release_us = if in_round { self.round_end_us(one.rule)? } else { self.quiet_end_us(one.rule)? };
        let held = Held { release_us, candidate: one.candidate, in_round };
        self.rules[one.rule].instances[one.place].held = Some(held);
        self.set_timer(release_us, one.rule, one.place);
        Ok(())
    }

    fn quiet_end_us(&mut self, index: usize) -> Step<i64> {
        let quiet = self.program.rules[index].quiet.as_ref().ok_or(Left::NotMe)?;
        self.clock.release_us(self.py, self.zone, &quiet.edges, &quiet.compiled, self.now_us)
    }

    /// The end of the open round, or of one that is opened; a rule in shadow opens none.
    fn round_end_us(&mut self, index: usize) -> Step<i64> {
        let (within_us, _) = self.program.arbitration.ok_or(Left::NotMe)?;
        if let Some(end_us) = self.round_ends_us.filter(|&end_us| self.now_us < end_us) {
            return Ok(end_us);
        }
        let end_us = self.now_us + within_us;
        if !self.program.rules[index].shadow {
            self.round_ends_us = Some(end_us);
        }
        Ok(end_us)
    }

    fn exit(&mut self, one: Caused<'a>) -> Step<()> {
        if let Some(held) = self.rules[one.rule].instances[one.place].held.take() {
            let reason = Some(Reason::Exited);
            self.decide(one.rule, one.place, held.candidate, Outcome::Cancelled, reason, None)?;
        }
        let rule = &self.program.rules[one.rule];
        let state = &mut self.rules[one.rule];
        let (entered, held_out) = (state.entered_fired, state.entered_held_out);
        (state.entered_fired, state.entered_held_out) = (false, false);
        if !rule.emits_exit {
            return Ok(());
        }
        let (outcome, reason) = match (entered, held_out, rule.shadow) {
            (false, _, _) => (Outcome::Suppressed, Some(Reason::NotEntered)),
            (true, true, _) => (Outcome::Suppressed, Some(Reason::Holdout)),
            (true, false, true) => (Outcome::Suppressed, Some(Reason::Shadow)),
            (true, false, false) => (Outcome::Fired, None),
        };
        self.decide(one.rule, one.place, one.candidate, outcome, reason, None)
    }

    // ------------------------------------------------------------ eligibility

    /// The first gate that refuses or defers, in the order of `kittiwake.kernel.plan.gates.GATES`.
    fn refused_by(&mut self, one: &Caused<'a>) -> Step<Option<Reason>> {
        let (rule, due_us, now_us) = (&self.program.rules[one.rule], one.candidate.due_us, self.now_us);
        if rule.ready_us.is_some_and(|ready_us| due_us < ready_us) {
            return Ok(Some(Reason::NotReady));
        }
        if rule.consent.is_some_and(|(purpose, default)| !self.consents[purpose].unwrap_or(default)) {
            return Ok(Some(Reason::NoConsent));
        }
        if rule.reentry_us.is_some_and(|memory_us| self.is_reentry(one, memory_us)) {
            return Ok(Some(Reason::Reentry));
        }
        if let Some(quiet) = &rule.quiet {
            if self.clock.is_quiet(self.py, self.zone, &quiet.edges, now_us)? {
                return Ok(Some(Reason::QuietHours));
            }
        }
        if rule.arbitrated {
            let (_, max_fired) = self.program.arbitration.ok_or(Left::NotMe)?;
            if !one.released {
                return Ok(Some(Reason::Arbitration));
            }
            if self.winners.len() >= max_fired && !rule.shadow {
                return Ok(Some(Reason::Outranked));
            }
        }
        for cap in &rule.caps {
            if self.is_full(cap)? {
                return Ok(Some(Reason::FrequencyCap));
            }
        }
        if one.released && now_us - due_us >= rule.expires_us {
            return Ok(Some(Reason::Expired));
        }
        if rule.holdout && self.is_held_out() {
            return Ok(Some(Reason::Holdout));
        }
        Ok(rule.shadow.then_some(Reason::Shadow))
    }

    fn is_reentry(&self, one: &Caused<'a>, memory_us: i64) -> bool {
        let instance = &self.rules[one.rule].instances[one.place];
        let Some(fired_us) = instance.fired_us else { return false };
        if instance.episode.as_ref().is_some_and(|episode| episode.fired) && one.candidate.occurrence.is_none() {
            return false;
        }
        self.now_us < fired_us + memory_us
    }

    fn is_full(&mut self, cap: &Cap) -> Step<bool> {
        if self.firings.len() < cap.max_fired {
            return Ok(false);
        }
        let (now_us, zone, py) = (self.now_us, self.zone, self.py);
        let mut counted = 0;
        for &(fired_us, _) in self.firings.iter().filter(|(_, rule)| cap.counts[*rule]) {
            counted += usize::from(match cap.calendar.as_str() {
                "" => fired_us > now_us - cap.within_us,
                calendar => {
                    let days = [now_us, fired_us].map(|time_us| self.clock.local_day(py, zone, time_us));
                    let [today, day] = days;
                    let (today, day) = (today?, day?);
                    if calendar == "day" {
                        today == day
                    } else {
                        Clock::week_of(today) == Clock::week_of(day)
                    }
                }
            });
        }
        Ok(counted >= cap.max_fired)
    }

    fn is_held_out(&mut self) -> bool {
        if let Some(found) = self.is_held_out {
            return found;
        }
        let found = self.program.holdout.as_ref().is_some_and(|(salt, below)| {
            let drawn_of = format!("{salt}:{}:{}", self.account_id, self.contact_id);
            let digest = Sha256::digest(drawn_of.as_bytes());
            let drawn = digest.iter().take(8).fold(0_u128, |drawn, byte| drawn << 8 | u128::from(*byte));
            drawn < *below
        });
        self.is_held_out = Some(found);
        found
    }

    /// What is still deferred when the history ends.
    pub fn leave_deferred(&mut self) -> Step<()> {
        for rule in 0..self.rules.len() {
            for place in self.in_order(rule) {
                let Some(held) = self.rules[rule].instances[place].held.take() else { continue };
                let reason = if held.in_round { Reason::Arbitration } else { Reason::QuietHours };
                self.decide(rule, place, held.candidate, Outcome::Deferred, Some(reason), None)?;
            }
        }
        Ok(())
    }

    /// What waits in the end: rule, number of episodes and the earliest deadline.
    pub fn pending(&self) -> Vec<(usize, usize, i64)> {
        let mut found = Vec::new();
        for (index, state) in self.rules.iter().enumerate() {
            let dues = state.instances.iter().filter_map(|one| Some(one.episode.as_ref()?.reminders.first()?.due_us));
            let (number, next_us) = dues.fold((0, i64::MAX), |(number, next), due| (number + 1, next.min(due)));
            if number > 0 {
                found.push((index, number, next_us));
            }
        }
        found
    }

    pub fn decide(
        &mut self,
        rule: usize,
        place: usize,
        candidate: Candidate<'a>,
        outcome: Outcome,
        reason: Option<Reason>,
        outranked_by: Option<Id>,
    ) -> Step<()> {
        let row = self.row(rule, place, candidate, outcome, reason, outranked_by)?;
        self.rows.push(row);
        Ok(())
    }
}
