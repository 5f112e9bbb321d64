//! Episodes, and what ends them: `kittiwake.kernel.run.episodes` and `run.unless`, of what is plain.

use super::plan::Route;
use super::run::Run;
use super::state::{Episode, Outcome, Reason, Texts};
use super::values::Value;
use super::{Left, Step};

impl<'a> Run<'_, 'a, '_> {
    /// An `unless` event ends what waits and what is deferred.
    pub fn disarm_by(&mut self, route: &Route, at: usize) -> Step<()> {
        let index = route.rule;
        if route.unless.is_empty() || self.rules[index].instances.is_empty() {
            return Ok(());
        }
        let mut wanted: Vec<Vec<(usize, &'a str)>> = Vec::new();
        for unless in &route.unless {
            if !self.asks(unless.asked.as_ref(), at)? {
                continue;
            }
            let mut texts = Vec::new();
            for (place, name) in &unless.wants {
                let value = match self.value(at, name)? {
                    None | Some(Value::Null) => break,
                    Some(value) => value.key().ok_or(Left::NotMe)?,
                };
                texts.push((*place, value));
            }
            if texts.len() == unless.wants.len() {
                wanted.push(texts);
            }
        }
        for place in self.in_order(index) {
            let Some(same) = self.newest_same(index, place) else { continue };
            if wanted.iter().any(|one| one.iter().all(|(at, text)| same.get(*at) == *text)) {
                self.disarm(index, place)?;
            }
        }
        Ok(())
    }

    /// The `same` values of what waits or is deferred; None: nothing is.
    fn newest_same(&self, index: usize, place: usize) -> Option<Texts<'a>> {
        let instance = &self.rules[index].instances[place];
        let of_episode = instance.episode.as_ref().map(|episode| episode.same);
        of_episode.or(instance.held.as_ref().map(|held| held.candidate.same))
    }

    fn disarm(&mut self, index: usize, place: usize) -> Step<()> {
        let instance = &mut self.rules[index].instances[place];
        instance.episode = None;
        if let Some(held) = instance.held.take() {
            self.decide(index, place, held.candidate, Outcome::Cancelled, Some(Reason::Unless), None)?;
        }
        Ok(())
    }

    // ------------------------------------------------------------ episodes

    pub fn episode(&self, index: usize, place: usize) -> Option<&Episode<'a>> {
        self.rules[index].instances[place].episode.as_ref()
    }

    pub fn episode_mut(&mut self, index: usize, place: usize) -> Step<&mut Episode<'a>> {
        self.rules[index].instances[place].episode.as_mut().ok_or(Left::NotMe)
    }

    /// Keep what is deferred in step with its episode.
    pub fn follow_held(&mut self, index: usize, place: usize) {
        let instance = &mut self.rules[index].instances[place];
        if let (Some(held), Some(episode)) = (&mut instance.held, &instance.episode) {
            let candidate = &mut held.candidate;
            (candidate.last, candidate.count) = (Some(episode.last), episode.count);
            (candidate.same, candidate.shown) = (episode.same, Some(episode.shown));
        }
    }

    pub fn drop_pending(&mut self, index: usize, place: usize) -> Step<()> {
        self.episode_mut(index, place)?.reminders.clear();
        self.end_if_over(index, place);
        Ok(())
    }

    pub fn end_if_over(&mut self, index: usize, place: usize) {
        let instance = &mut self.rules[index].instances[place];
        if instance.held.is_none() && instance.episode.as_ref().is_some_and(|one| one.reminders.is_empty()) {
            instance.episode = None;
        }
    }

    /// The places of a rule's instances, by the text of their keys.
    pub fn in_order(&self, index: usize) -> Vec<usize> {
        let instances = &self.rules[index].instances;
        let mut places: Vec<usize> = (0..instances.len())
            .filter(|&place| instances[place].episode.is_some() || instances[place].held.is_some())
            .collect();
        if places.len() > 1 {
            places.sort_by_cached_key(|&place| self.key_text(index, place));
        }
        places
    }
}
