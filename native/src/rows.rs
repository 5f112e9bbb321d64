//! Rows and ids of decisions: the texts that Python has made of one decision, filled in for another.
//!
//! What a row or an id consists of stands in Python (`kittiwake.batch.native.plans`), which leaves gaps. Here is only
//! what goes into them.

use std::io::Write;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sha2::{Digest, Sha256};

/// Bytes of a digest that make an id: two digits each.
const ID_BYTES: usize = 16;

const MINUTE_US: i64 = 60 * 1_000_000;
const DAY_MINUTES: i64 = 24 * 60;
const DAYS_TO_1970: i64 = 719_468;
const DAYS_OF_400_YEARS: i64 = 146_097;

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

/// The id of what a text says: the hexadecimal digits that Python's `sha256` gives.
pub fn id_of(text: &[u8]) -> [u8; 2 * ID_BYTES] {
    let digest = Sha256::digest(text);
    let mut id = [0; 2 * ID_BYTES];
    for (digits, byte) in id.chunks_exact_mut(2).zip(digest) {
        digits[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        digits[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    id
}

/// Whether a text stands in JSON as it is, and in a row of one line: of others Python writes the rows.
pub fn needs_no_escape(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'"' | b'\\' | 0x7f));
    is_plain
        && (text.is_ascii() || !text.chars().any(|one| matches!(one, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}')))
}

pub fn put_number(number: impl std::fmt::Display, out: &mut Vec<u8>) {
    let _ = write!(out, "{number}");
}

/// Whether JSON stands in a row of one line as it is.
pub fn needs_no_line_escape(text: &str) -> bool {
    text.is_ascii() || !text.chars().any(|one| matches!(one, '\u{85}' | '\u{2028}' | '\u{2029}'))
}

/// A day of the years 1 to 9999, counted from 1970.
pub fn put_date(day: i64, out: &mut Vec<u8>) {
    let (year, month, day) = date_of(day);
    put_digits(year, 4, out);
    for number in [month, day] {
        out.push(b'-');
        put_digits(number, 2, out);
    }
}

/// An instant of the years 1 to 9999 as `kittiwake.time.instants.format_instant` writes it.
fn put_instant(time_us: i64, out: &mut Vec<u8>) {
    let (minutes, within_us) = (time_us.div_euclid(MINUTE_US), time_us.rem_euclid(MINUTE_US));
    let minute_of_day = minutes.rem_euclid(DAY_MINUTES);
    put_date(minutes.div_euclid(DAY_MINUTES), out);
    for (mark, number) in [(b'T', minute_of_day / 60), (b':', minute_of_day % 60), (b':', within_us / 1_000_000)] {
        out.push(mark);
        put_digits(number, 2, out);
    }
    if within_us % 1_000_000 != 0 {
        out.push(b'.');
        put_digits(within_us % 1_000_000, 6, out);
    }
    out.push(b'Z');
}

fn put_digits(number: i64, width: usize, out: &mut Vec<u8>) {
    let (end, mut rest) = (out.len() + width, number);
    out.resize(end, b'0');
    for digit in out[end - width..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Year, month and day of a day since 1970, of the proleptic Gregorian calendar.
fn date_of(day: i64) -> (i64, i64, i64) {
    let day = day + DAYS_TO_1970;
    let (era, of_era) = (day.div_euclid(DAYS_OF_400_YEARS), day.rem_euclid(DAYS_OF_400_YEARS));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{id_of, needs_no_escape, needs_no_line_escape, put_instant};

    fn text_of(time_us: i64) -> String {
        let mut out = Vec::new();
        put_instant(time_us, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn instants_are_written_as_they_are_read() {
        for text in [
            "0001-01-01T00:00:00Z",
            "1900-02-28T23:59:59.000001Z",
            "1969-12-31T23:59:59.999999Z",
            "1970-01-01T00:00:00Z",
            "2024-02-29T12:00:00.5Z",
            "2100-03-01T00:00:00Z",
            "9999-12-31T23:59:59.999999Z",
        ] {
            let time_us = crate::time::microseconds(text.as_bytes()).unwrap();
            assert_eq!(text_of(time_us).replace(".500000", ".5"), text);
        }
    }

    #[test]
    fn ids_are_the_first_half_of_a_digest() {
        assert_eq!(&id_of(b"abc"), b"ba7816bf8f01cfea414140de5dae2223");
    }

    #[test]
    fn texts_that_json_or_a_line_would_escape_are_left() {
        assert!(needs_no_escape("c-1 é 🐦"));
        for text in ["\"", "\\", "\n", "\u{7f}", "\u{85}", "\u{2028}", "\u{2029}"] {
            assert!(!needs_no_escape(text), "{text:?}");
        }
        assert!(needs_no_line_escape("{\"k\":\"\u{7f} é\"}"));
        for text in ["\u{85}", "\u{2028}", "\u{2029}"] {
            assert!(!needs_no_line_escape(text), "{text:?}");
        }
    }
}
