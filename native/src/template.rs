//! Lines of decisions: the text that Python has made of one decision, filled in for another.
//!
//! What a line consists of stands in Python (`kittiwake.batch.deciding.lines`), which leaves gaps. Here is only what goes
//! into them.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::rows::{put_date, put_instant, put_number};

/// What stands in a gap: texts with quotes where they may be null.
#[derive(Clone, Copy)]
enum Gap {
    Id,
    Account,
    Contact,
    Kind,
    Due,
    Fired,
    Instance,
    Threshold,
    Reminder,
    Occurrence,
    FirstId,
    LastId,
    Count,
    FirstTime,
    LastTime,
    Include,
    Decision,
    Reason,
    OutrankedBy,
}

impl Gap {
    fn of(name: &str) -> PyResult<Self> {
        Ok(match name {
            "id" => Self::Id,
            "account" => Self::Account,
            "contact" => Self::Contact,
            "kind" => Self::Kind,
            "due" => Self::Due,
            "fired" => Self::Fired,
            "instance" => Self::Instance,
            "threshold" => Self::Threshold,
            "reminder" => Self::Reminder,
            "occurrence" => Self::Occurrence,
            "first_id" => Self::FirstId,
            "last_id" => Self::LastId,
            "count" => Self::Count,
            "first_time" => Self::FirstTime,
            "last_time" => Self::LastTime,
            "include" => Self::Include,
            "decision" => Self::Decision,
            "reason" => Self::Reason,
            "outranked_by" => Self::OutrankedBy,
            _ => return Err(PyValueError::new_err(format!("{name} is no gap"))),
        })
    }
}

/// What is known of a decision. Texts need no escapes, as `needs_no_escape` says, and those that are JSON are so as a
/// line has them.
pub struct Fields<'a> {
    pub id: &'a str,
    pub account_id: &'a str,
    pub contact_id: &'a str,
    pub kind: &'a str,
    pub due_us: i64,
    pub fired_us: Option<i64>,
    /// JSON.
    pub instance: &'a str,
    /// JSON.
    pub threshold: &'a str,
    pub reminder: Option<usize>,
    /// Days since 1970.
    pub occurrence: Option<i64>,
    pub first_id: &'a str,
    pub last_id: &'a str,
    pub count: usize,
    pub first_us: i64,
    pub last_us: i64,
    /// JSON.
    pub include: &'a str,
    pub decision: &'a str,
    pub reason: Option<&'a str>,
    pub outranked_by: Option<&'a str>,
}

/// A text with gaps: texts, and after each but the last what stands in the gap.
pub struct Template {
    parts: Vec<(Vec<u8>, Gap)>,
    end: Vec<u8>,
}

impl Template {
    /// Of the texts between gaps, one more than there are gaps, and the names of these.
    pub fn new(texts: Vec<Vec<u8>>, gaps: &[String]) -> PyResult<Self> {
        let mut texts = texts.into_iter();
        let mut parts = Vec::new();
        for (name, text) in gaps.iter().zip(texts.by_ref()) {
            parts.push((text, Gap::of(name)?));
        }
        match (texts.next(), parts.len() == gaps.len()) {
            (Some(end), true) => Ok(Self { parts, end }),
            _ => Err(PyValueError::new_err("a template has a text more than gaps")),
        }
    }

    pub fn fill(&self, fields: &Fields<'_>, out: &mut Vec<u8>) {
        for (text, gap) in &self.parts {
            out.extend_from_slice(text);
            put(*gap, fields, out);
        }
        out.extend_from_slice(&self.end);
    }
}

fn put(gap: Gap, fields: &Fields<'_>, out: &mut Vec<u8>) {
    match gap {
        Gap::Id => put_text(fields.id, out),
        Gap::Account => put_text(fields.account_id, out),
        Gap::Contact => put_text(fields.contact_id, out),
        Gap::Kind => put_text(fields.kind, out),
        Gap::Due => put_instant(fields.due_us, out),
        Gap::Fired => put_quoted(fields.fired_us, out, put_instant),
        Gap::Instance => put_text(fields.instance, out),
        Gap::Threshold => put_text(fields.threshold, out),
        Gap::Reminder => match fields.reminder {
            Some(reminder) => put_number(reminder, out),
            None => put_text("null", out),
        },
        Gap::Occurrence => put_quoted(fields.occurrence, out, put_date),
        Gap::FirstId => put_text(fields.first_id, out),
        Gap::LastId => put_text(fields.last_id, out),
        Gap::Count => put_number(fields.count, out),
        Gap::FirstTime => put_instant(fields.first_us, out),
        Gap::LastTime => put_instant(fields.last_us, out),
        Gap::Include => put_text(fields.include, out),
        Gap::Decision => put_text(fields.decision, out),
        Gap::Reason => put_quoted(fields.reason, out, put_text),
        Gap::OutrankedBy => put_quoted(fields.outranked_by, out, put_text),
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
}

/// A text with quotes, or null.
fn put_quoted<T>(value: Option<T>, out: &mut Vec<u8>, put: fn(T, &mut Vec<u8>)) {
    match value {
        Some(value) => {
            out.push(b'"');
            put(value, out);
            out.push(b'"');
        }
        None => put_text("null", out),
    }
}
