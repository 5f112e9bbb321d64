//! Rows: `kittiwake.kernel.evaluate.decisions` and `evaluate.include`, and the `Decision` that Python knows.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::rows::{id_of, put_date, put_number, Id};

use super::run::Run;
use super::state::{Candidate, Kind, Outcome, Reason, Row};
use super::values::found;
use super::{Left, Step};

/// The proleptic ordinal of the first day of 1970, as Python's `date.toordinal` counts.
pub const ORDINAL_OF_1970: i64 = 719_163;

impl<'a> Run<'_, 'a, '_> {
    /// The canonical JSON of the `per` values of an instance.
    pub fn key_text(&self, index: usize, place: usize) -> Cow<'static, str> {
        let key = &self.rules[index].instances[place].key;
        if key.all().is_empty() {
            return Cow::Borrowed("{}");
        }
        let mut text = String::from("{");
        for ((opening, _), value) in self.program.rules[index].per.iter().zip(key.all()) {
            text.push_str(opening);
            text.push_str(value);
        }
        text.push('}');
        Cow::Owned(text)
    }

    pub fn row(
        &mut self,
        rule: usize,
        place: usize,
        candidate: Candidate<'a>,
        outcome: Outcome,
        reason: Option<Reason>,
        outranked_by: Option<Id>,
    ) -> Step<Row<'a>> {
        let instance = self.key_text(rule, place);
        let mut text = std::mem::take(&mut self.identity);
        text.clear();
        self.push_identity(&mut text, rule, &instance, &candidate)?;
        let trigger_id = id_of(&text);
        self.identity = text;
        let decided_us = self.now_us;
        Ok(Row { trigger_id, rule, instance, candidate, outcome, reason, decided_us, outranked_by })
    }

    fn push_identity(&self, text: &mut Vec<u8>, rule: usize, instance: &str, candidate: &Candidate<'a>) -> Step<()> {
        text.push(b'[');
        push_text(text, self.account_id)?;
        text.push(b',');
        push_text(text, self.contact_id)?;
        text.push(b',');
        push(text, &self.program.rules[rule].id_text);
        text.push(b',');
        push_quoted(text, instance);
        push(
            text,
            match candidate.kind {
                Kind::Fired => ",\"fired\",",
                Kind::Entered => ",\"entered\",",
                Kind::Exited => ",\"exited\",",
            },
        );
        self.push_opening(text, rule, candidate)?;
        text.push(b',');
        match candidate.reminder {
            Some(reminder) => put_number(reminder, text),
            None => push(text, "null"),
        }
        text.push(b',');
        match candidate.occurrence {
            Some(ordinal) => {
                text.push(b'"');
                put_date(ordinal - ORDINAL_OF_1970, text);
                text.push(b'"');
            }
            None => push(text, "null"),
        }
        text.push(b']');
        Ok(())
    }

    fn push_opening(&self, text: &mut Vec<u8>, rule: usize, candidate: &Candidate<'a>) -> Step<()> {
        text.push(b'[');
        if candidate.kind != Kind::Fired {
            put_number(candidate.due_us, text);
            text.push(b',');
            match candidate.opened {
                None => push(text, "\"expiry\""),
                Some(opened) => {
                    text.push(b'[');
                    push_text(text, self.events[opened].id)?;
                    text.push(b',');
                    push_text(text, self.events[opened].event_type)?;
                    text.push(b']');
                }
            }
        } else if let Some(threshold) = candidate.threshold {
            let reaches = self.program.rules[rule].reaches.as_ref().ok_or(Left::NotMe)?;
            let span = candidate.kept_span.map_or(String::from("null"), |span| span.to_string());
            push(text, &format!("{},\"[{},null,{span}]\"", reaches.at_texts[threshold], reaches.anew));
        } else {
            let opened = &self.events[candidate.opened.ok_or(Left::NotMe)?];
            push_text(text, opened.id)?;
            text.push(b',');
            put_number(opened.time_us, text);
            text.push(b',');
            push_text(text, opened.event_type)?;
        }
        text.push(b']');
        Ok(())
    }

    /// The canonical JSON of the author's fields.
    pub fn include_text(&mut self, rule: usize, shown: Option<usize>) -> Step<String> {
        let include = &self.program.rules[rule].include;
        let fields = match shown {
            Some(at) if !include.is_empty() => self.fields(at)?,
            _ => &[],
        };
        let mut text = String::from("{");
        for one in include {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&one.field);
            text.push(':');
            text.push_str(if one.name.is_empty() {
                &one.said
            } else {
                match found(fields, &one.name) {
                    None => "null",
                    Some(value) => value.canonical().ok_or(Left::NotMe)?,
                }
            });
        }
        text.push('}');
        if text.len() > self.program.limits.include_bytes {
            return Err(Left::NotMe);
        }
        Ok(text)
    }
}

fn push(text: &mut Vec<u8>, more: &str) {
    text.extend_from_slice(more.as_bytes());
}

/// Add the JSON of a text that needs no escapes.
fn push_text(text: &mut Vec<u8>, value: &str) -> Step<()> {
    if value.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        return Err(Left::NotMe);
    }
    text.push(b'"');
    push(text, value);
    text.push(b'"');
    Ok(())
}

/// Add the JSON of a text of JSON.
fn push_quoted(text: &mut Vec<u8>, value: &str) {
    text.push(b'"');
    for byte in value.bytes() {
        if byte == b'"' || byte == b'\\' {
            text.push(b'\\');
        }
        text.push(byte);
    }
    text.push(b'"');
}

/// What rows are made of in Python.
#[derive(FromPyObject)]
pub struct Words {
    decision: Py<PyAny>,
    event_ids: Py<PyAny>,
    date_of: Py<PyAny>,
    pub kinds: Vec<Py<PyAny>>,
    pub outcomes: Vec<Py<PyAny>>,
    pub reasons: Vec<Py<PyAny>>,
}

/// The Python objects of a history, by the place of each event.
pub struct Objects<'o, 'py> {
    pub account_id: &'o Bound<'py, PyAny>,
    pub contact_id: &'o Bound<'py, PyAny>,
    pub event_ids: &'o [Bound<'py, PyAny>],
}

impl<'a, 'py> Run<'_, 'a, 'py> {
    /// The `Decision` of a row.
    pub fn decision(&mut self, words: &Words, objects: &Objects<'_, 'py>, row: Row<'a>) -> Step<Bound<'py, PyAny>> {
        let (py, program) = (self.py, self.program);
        let include = self.include_text(row.rule, row.candidate.shown)?;
        let (rule, candidate) = (&program.rules[row.rule], &row.candidate);
        let none = py.None();
        let events = match (candidate.opened, candidate.last) {
            (Some(opened), Some(last)) => {
                let (first, newest) = (&self.events[opened], &self.events[last]);
                let fields = (
                    &objects.event_ids[opened],
                    &objects.event_ids[last],
                    candidate.count,
                    first.time_us,
                    newest.time_us,
                    first.event_type,
                );
                words.event_ids.bind(py).call1(fields)?
            }
            _ => none.bind(py).clone(),
        };
        let threshold = match (&rule.reaches, candidate.threshold) {
            (Some(reaches), Some(at)) => reaches.at_values[at].bind(py).clone(),
            _ => none.bind(py).clone(),
        };
        let occurrence = match candidate.occurrence {
            Some(ordinal) => words.date_of.bind(py).call1((ordinal,))?,
            None => none.bind(py).clone(),
        };
        let fired_at_us = (row.outcome == Outcome::Fired).then_some(row.decided_us);
        let reason = match row.reason {
            Some(reason) => words.reasons[reason as usize].bind(py),
            None => none.bind(py),
        };
        let fields = [
            row.trigger_id.text().into_pyobject(py)?.into_any(),
            objects.account_id.clone(),
            objects.contact_id.clone(),
            rule.rule_id.bind(py).clone(),
            rule.version.bind(py).clone(),
            words.kinds[candidate.kind as usize].bind(py).clone(),
            candidate.due_us.into_pyobject(py)?.into_any(),
            words.outcomes[row.outcome as usize].bind(py).clone(),
            reason.clone(),
            row.decided_us.into_pyobject(py)?.into_any(),
            fired_at_us.into_pyobject(py)?.into_any(),
            row.instance.into_pyobject(py)?.into_any(),
            events,
            include.into_pyobject(py)?.into_any(),
            threshold,
            candidate.reminder.into_pyobject(py)?.into_any(),
            occurrence,
            program.ruleset_version.bind(py).clone(),
        ];
        let made = words.decision.bind(py);
        let fields = PyTuple::new(py, fields)?;
        if row.outranked_by.is_none() && rule.channel.is_none(py) {
            return Ok(made.call1(fields)?);
        }
        let more = PyDict::new(py);
        more.set_item("channel", rule.channel.bind(py))?;
        more.set_item("outranked_by", row.outranked_by.as_ref().map(Id::text))?;
        Ok(made.call(fields, Some(&more))?)
    }
}
