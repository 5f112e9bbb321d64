//! The contact's clock: offsets of zones, asked of Python once for each day, and what it alone knows of dates.

use pyo3::prelude::*;
use rustc_hash::FxHashMap;

use super::values::Value;
use super::{Left, Step};

pub const DAY_US: i64 = 86_400_000_000;
pub const WEEK_US: i64 = 7 * DAY_US;

/// 1970 began with a Thursday; weeks begin with Monday, 0.
const EPOCH_WEEKDAY: i64 = 3;

/// Entries that are kept of each sort.
const KEPT_MAX: usize = 1 << 16;

/// A deadline not yet reached.
#[derive(Clone, Copy, Debug)]
pub struct Reminder {
    pub index: usize,
    pub due_us: i64,
    pub occurrence: Option<i64>,
}

/// What is asked of Python, and what it has answered.
pub struct Clock {
    asked: Py<PyAny>,
    names: Vec<String>,
    zones: FxHashMap<String, Option<usize>>,
    steady: FxHashMap<(usize, i64), Option<i64>>,
}

impl Clock {
    pub fn new(asked: Py<PyAny>) -> Self {
        Self { asked, names: Vec::new(), zones: FxHashMap::default(), steady: FxHashMap::default() }
    }

    /// The number of the zone that an attribute names; None: it names none.
    pub fn zone(&mut self, py: Python<'_>, name: &str) -> Step<Option<usize>> {
        if let Some(found) = self.zones.get(name) {
            return Ok(*found);
        }
        let meant: Option<String> = self.asked.bind(py).call_method1("zone_of", (name,))?.extract()?;
        let number = meant.map(|meant| match self.names.iter().position(|one| *one == meant) {
            Some(number) => number,
            None => {
                self.names.push(meant);
                self.names.len() - 1
            }
        });
        if self.zones.len() < KEPT_MAX {
            self.zones.insert(name.to_string(), number);
        }
        Ok(number)
    }

    /// Microseconds that the clock of a zone is ahead of UTC.
    pub fn offset_us(&mut self, py: Python<'_>, zone: usize, time_us: i64) -> Step<i64> {
        let day = time_us.div_euclid(DAY_US);
        let steady = match self.steady.get(&(zone, day)) {
            Some(found) => *found,
            None => {
                let asked = (&self.names[zone], day);
                let found: Option<i64> = self.asked.bind(py).call_method1("steady_offset_us", asked)?.extract()?;
                if self.steady.len() >= KEPT_MAX {
                    self.steady.clear();
                }
                self.steady.insert((zone, day), found);
                found
            }
        };
        match steady {
            Some(found) => Ok(found),
            None => Ok(self.asked.bind(py).call_method1("offset_us", (&self.names[zone], time_us))?.extract()?),
        }
    }

    pub fn local_day(&mut self, py: Python<'_>, zone: usize, time_us: i64) -> Step<i64> {
        Ok((time_us + self.offset_us(py, zone, time_us)?).div_euclid(DAY_US))
    }

    /// The number of the week of a day: they begin with Monday.
    pub fn week_of(day: i64) -> i64 {
        (day + EPOCH_WEEKDAY).div_euclid(7)
    }

    pub fn is_quiet(&mut self, py: Python<'_>, zone: usize, edges: &[i64], now_us: i64) -> Step<bool> {
        let at_us = self.time_of_week_us(py, zone, now_us)?;
        Ok(edges.partition_point(|edge| *edge <= at_us) % 2 == 1)
    }

    fn time_of_week_us(&mut self, py: Python<'_>, zone: usize, time_us: i64) -> Step<i64> {
        Ok((time_us + self.offset_us(py, zone, time_us)? + EPOCH_WEEKDAY * DAY_US).rem_euclid(WEEK_US))
    }

    /// When quiet hours end that it is in: where the clock changes meanwhile, Python says it.
    pub fn release_us(
        &mut self,
        py: Python<'_>,
        zone: usize,
        edges: &[i64],
        compiled: &Py<PyAny>,
        now_us: i64,
    ) -> Step<i64> {
        let at_us = self.time_of_week_us(py, zone, now_us)?;
        let next = *edges.get(edges.partition_point(|edge| *edge <= at_us)).ok_or(Left::NotMe)?;
        let left_us = next - at_us;
        let is_plain = left_us <= DAY_US && next != WEEK_US;
        if is_plain && self.offset_us(py, zone, now_us + left_us)? == self.offset_us(py, zone, now_us)? {
            return Ok(now_us + left_us);
        }
        let asked = (compiled.bind(py), &self.names[zone], now_us);
        Ok(self.asked.bind(py).call_method1("release_us", asked)?.extract()?)
    }

    /// The deadlines towards a date; None: it is past.
    #[allow(clippy::too_many_arguments)]
    pub fn plan_until(
        &self,
        py: Python<'_>,
        wait: &Py<PyAny>,
        value: Option<Value<'_>>,
        now_us: i64,
        zone: usize,
        after: Option<i64>,
        strictly: bool,
    ) -> Step<Option<Vec<Reminder>>> {
        let Some(Value::Text(text)) = value else { return Err(Left::NotMe) };
        let asked = (wait.bind(py), &text[1..text.len() - 1], now_us, &self.names[zone], after, strictly);
        let answer = self.asked.bind(py).call_method1("plan_until", asked)?;
        if answer.is_none() {
            return Err(Left::NotMe);
        }
        let found: Vec<(usize, i64, Option<i64>)> = answer.extract()?;
        let reminders: Vec<Reminder> =
            found.into_iter().map(|(index, due_us, occurrence)| Reminder { index, due_us, occurrence }).collect();
        Ok((!reminders.is_empty()).then_some(reminders))
    }

    pub fn follows_zone(&self, py: Python<'_>, wait: &Py<PyAny>, value: Option<Value<'_>>) -> Step<bool> {
        let text = match value {
            Some(Value::Text(text)) => Some(&text[1..text.len() - 1]),
            Some(Value::Odd) => return Err(Left::NotMe),
            _ => None,
        };
        Ok(self.asked.bind(py).call_method1("follows_zone", (wait.bind(py), text))?.extract()?)
    }
}
