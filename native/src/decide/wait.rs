//! `wait`: `kittiwake.kernel.run.wait` and `run.until`, of what is plain.

use super::clock::Reminder;
use super::contact::is_same;
use super::plan::Wait;
use super::run::Run;
use super::state::{Candidate, Caused, Episode, Kind, Texts};
use super::values::{Value, ONE};
use super::{Left, Step};

impl<'a> Run<'_, 'a, '_> {
    /// A match of a rule with `wait`: it opens an episode, restarts it or counts.
    pub fn wait(&mut self, index: usize, wait: &Wait, at: usize, key: Texts<'a>, same: Texts<'a>) -> Step<()> {
        let waiting = self.rules[index].place(&key).filter(|&place| self.episode(index, place).is_some());
        let Some(place) = waiting else {
            if self.admits(index, at, &same)? {
                self.open(index, wait, at, key, same)?;
            }
            return Ok(());
        };
        if !self.program.rules[index].restart {
            let episode = self.episode_mut(index, place)?;
            episode.count += 1;
            episode.last = at;
            self.follow_held(index, place);
            return Ok(());
        }
        self.restart(index, wait, place, at, same)
    }

    fn open(&mut self, index: usize, wait: &Wait, at: usize, key: Texts<'a>, same: Texts<'a>) -> Step<()> {
        let Some(reminders) = self.plan(wait, at, None)? else { return Ok(()) };
        let place = self.place_or_new(index, key)?;
        let due_us = reminders[0].due_us;
        let target = self.target(wait, at)?;
        self.rules[index].instances[place].episode = Some(Episode {
            opened: at,
            last: at,
            count: 1,
            shown: at,
            same,
            reminders,
            target,
            fired: false,
            occurrence: None,
            fallen: Vec::new(),
        });
        self.set_timer(due_us, index, place);
        Ok(())
    }

    fn restart(&mut self, index: usize, wait: &Wait, place: usize, at: usize, same: Texts<'a>) -> Step<()> {
        let now_us = self.now_us;
        let instance = &mut self.rules[index].instances[place];
        let is_held = instance.held.is_some();
        let episode = instance.episode.as_mut().ok_or(Left::NotMe)?;
        let last = wait.delays_us.len().wrapping_sub(1);
        let moves = wait.kind == "delays" && !is_held && episode.reminders.last().is_some_and(|one| one.index == last);
        let before_us = if moves {
            let before_us = episode.reminders[0].due_us;
            for reminder in &mut episode.reminders {
                reminder.due_us = now_us + wait.delays_us[reminder.index];
            }
            before_us
        } else {
            match self.replan(index, wait, place, at)? {
                Some(before_us) => before_us,
                None => return Ok(()),
            }
        };
        let episode = self.episode_mut(index, place)?;
        episode.count += 1;
        (episode.last, episode.same, episode.shown) = (at, same, at);
        let next_us = episode.reminders.first().map(|one| one.due_us);
        self.follow_held(index, place);
        match next_us {
            None => self.end_if_over(index, place),
            Some(due_us) if due_us < before_us => self.set_timer(due_us, index, place),
            Some(_) => {}
        }
        Ok(())
    }

    /// Compute deadlines anew; when the earliest was due before, None: there is no restart.
    fn replan(&mut self, index: usize, wait: &Wait, place: usize, at: usize) -> Step<Option<i64>> {
        let occurrence = self.episode(index, place).and_then(|episode| episode.occurrence);
        let Some(found) = self.plan(wait, at, occurrence)? else {
            self.drop_pending(index, place)?;
            return Ok(None);
        };
        let target = self.target(wait, at)?;
        let instance = &mut self.rules[index].instances[place];
        let episode = instance.episode.as_mut().ok_or(Left::NotMe)?;
        let before_us = episode.reminders.first().map_or(i64::MAX, |one| one.due_us);
        episode.target = target;
        if found[0].occurrence.is_some() {
            episode.reminders = found;
            return Ok(Some(before_us));
        }
        let taken_back = instance.held.take().map(|held| held.candidate.reminder);
        if let Some(reminder) = taken_back {
            episode.fallen.retain(|index| Some(*index) != reminder);
        }
        episode.reminders = if taken_back == Some(None) {
            found
        } else {
            found.into_iter().filter(|one| !episode.fallen.contains(&one.index)).collect()
        };
        Ok(Some(before_us))
    }

    /// The deadlines that an event sets; None: they are past.
    fn plan(&mut self, wait: &Wait, at: usize, after: Option<i64>) -> Step<Option<Vec<Reminder>>> {
        let now_us = self.now_us;
        let reminder = |index, delay_us| Reminder { index, due_us: now_us + delay_us, occurrence: None };
        match wait.kind.as_str() {
            "delays" => {
                Ok(Some(wait.delays_us.iter().enumerate().map(|(index, delay)| reminder(index, *delay)).collect()))
            }
            "field" => {
                let delay_us = match self.value(at, &wait.name)? {
                    None | Some(Value::Null) => wait.default_us.ok_or(Left::NotMe)?,
                    Some(Value::Number(_, millionths)) if millionths >= 0 => {
                        i64::try_from(millionths * i128::from(wait.unit_us) / ONE).map_err(|_| Left::NotMe)?
                    }
                    Some(_) => return Err(Left::NotMe),
                };
                if delay_us > self.program.limits.max_wait_us {
                    return Err(Left::NotMe);
                }
                Ok(Some(vec![reminder(0, delay_us)]))
            }
            _ => {
                let value = if wait.of_contact { self.attribute(&wait.name) } else { self.value(at, &wait.name)? };
                self.clock.plan_until(self.py, &wait.compiled, value, now_us, self.zone, after, false)
            }
        }
    }

    fn target(&mut self, wait: &Wait, at: usize) -> Step<Option<Value<'a>>> {
        if wait.kind != "until" || wait.of_contact {
            return Ok(None);
        }
        Ok(self.value(at, &wait.name)?.filter(|value| matches!(value, Value::Text(_))))
    }

    fn attribute(&self, name: &str) -> Option<Value<'a>> {
        let place = self.program.attributes.iter().position(|one| one == name)?;
        self.attributes[place]
    }

    // ------------------------------------------------------------ time

    /// What of an instance has fallen due: what was deferred is released, deadlines are reached.
    pub fn fall_due(&mut self, index: usize, place: usize) -> Step<()> {
        let now_us = self.now_us;
        let instance = &mut self.rules[index].instances[place];
        if instance.held.as_ref().is_some_and(|held| held.release_us <= now_us) {
            let candidate = instance.held.take().ok_or(Left::NotMe)?.candidate;
            self.caused.push(Caused { rule: index, place, candidate, superseded: false, released: true });
        }
        while let Some(due) = self.next_due(index, place) {
            self.reminded(index, place, due)?;
        }
        let next = self.episode(index, place).and_then(|episode| episode.reminders.first());
        if let Some(due_us) = next.map(|one| one.due_us) {
            self.set_timer(due_us, index, place);
        }
        Ok(())
    }

    fn next_due(&mut self, index: usize, place: usize) -> Option<Reminder> {
        let now_us = self.now_us;
        let episode = self.rules[index].instances[place].episode.as_mut()?;
        let is_due = episode.reminders.first()?.due_us <= now_us;
        is_due.then(|| episode.reminders.remove(0))
    }

    fn reminded(&mut self, index: usize, place: usize, due: Reminder) -> Step<()> {
        let Some(wait) = &self.program.rules[index].wait else { return Err(Left::NotMe) };
        let episode = self.episode_mut(index, place)?;
        let candidate = Candidate {
            kind: Kind::Fired,
            due_us: due.due_us,
            opened: Some(episode.opened),
            last: Some(episode.last),
            count: episode.count,
            shown: Some(episode.shown),
            same: episode.same,
            reminder: wait.numbered.then_some(due.index),
            threshold: None,
            occurrence: due.occurrence,
            kept_span: None,
        };
        if wait.numbered {
            episode.fallen.push(due.index);
        }
        self.caused.push(Caused { rule: index, place, candidate, superseded: false, released: false });
        if wait.kind != "until" || !wait.repeats {
            return Ok(());
        }
        let episode = self.episode_mut(index, place)?;
        episode.occurrence = due.occurrence;
        let (after, target) = (episode.occurrence, episode.target);
        let value = if wait.of_contact { self.attribute(&wait.name) } else { target };
        let found = self.clock.plan_until(self.py, &wait.compiled, value, self.now_us, self.zone, after, true)?;
        if let Some(reminders) = found {
            self.episode_mut(index, place)?.reminders = reminders;
        }
        Ok(())
    }

    /// Compute anew what waits towards a date, after attributes or the zone changed.
    pub fn move_dates(&mut self, before: &[Option<Value<'a>>], zone_before: usize) -> Step<()> {
        let zone_changed = self.zone != zone_before;
        let program = self.program;
        for &index in &program.dated {
            let Some(wait) = &program.rules[index].wait else { return Err(Left::NotMe) };
            let changed = wait.of_contact && {
                let place = program.attributes.iter().position(|one| *one == wait.name).ok_or(Left::NotMe)?;
                !is_same(before[place], self.attributes[place])?
            };
            for place in self.in_order(index) {
                let Some(episode) = self.episode(index, place).filter(|one| !one.reminders.is_empty()) else {
                    continue;
                };
                let (target, after) = (episode.target, episode.occurrence);
                let value = if wait.of_contact { self.attribute(&wait.name) } else { target };
                if changed || (zone_changed && self.clock.follows_zone(self.py, &wait.compiled, value)?) {
                    self.move_to(index, wait, place, value, after)?;
                }
            }
        }
        Ok(())
    }

    fn move_to(
        &mut self,
        index: usize,
        wait: &Wait,
        place: usize,
        value: Option<Value<'a>>,
        after: Option<i64>,
    ) -> Step<()> {
        match self.clock.plan_until(self.py, &wait.compiled, value, self.now_us, self.zone, after, false)? {
            None => self.drop_pending(index, place),
            Some(reminders) => {
                let due_us = reminders[0].due_us;
                self.episode_mut(index, place)?.reminders = reminders;
                self.set_timer(due_us, index, place);
                Ok(())
            }
        }
    }
}
