//! Ids, instants and numbers as rows have them, and which texts stand there as they are.

use std::io::Write;

use sha2::{Digest, Sha256};

/// Bytes of a digest that make an id: two digits each.
const ID_BYTES: usize = 16;

const MINUTE_US: i64 = 60 * 1_000_000;
const DAY_MINUTES: i64 = 24 * 60;
const DAYS_TO_1970: i64 = 719_468;
const DAYS_OF_400_YEARS: i64 = 146_097;

/// The id of a decision, in hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Id([u8; 2 * ID_BYTES]);

impl Id {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits are text")
    }
}

/// The id of what a text says: the digits that Python's `sha256` gives.
pub fn id_of(text: &[u8]) -> Id {
    let digest = Sha256::digest(text);
    let mut id = [0; 2 * ID_BYTES];
    for (digits, byte) in id.chunks_exact_mut(2).zip(digest) {
        digits[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        digits[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    Id(id)
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
    let mut text = *b"0000-00-00";
    set_date(day, &mut text);
    out.extend_from_slice(&text);
}

/// An instant of the years 1 to 9999 as `kittiwake.time.instants.format_instant` writes it.
pub fn put_instant(time_us: i64, out: &mut Vec<u8>) {
    let (minutes, within_us) = (time_us.div_euclid(MINUTE_US), time_us.rem_euclid(MINUTE_US));
    let minute_of_day = minutes.rem_euclid(DAY_MINUTES);
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    set_date(minutes.div_euclid(DAY_MINUTES), &mut text);
    set_digits(minute_of_day / 60, &mut text[11..13]);
    set_digits(minute_of_day % 60, &mut text[14..16]);
    set_digits(within_us / 1_000_000, &mut text[17..19]);
    match within_us % 1_000_000 {
        0 => {
            out.extend_from_slice(&text[..19]);
            out.push(b'Z');
        }
        fraction_us => {
            set_digits(fraction_us, &mut text[20..26]);
            out.extend_from_slice(&text);
        }
    }
}

/// Write a day over the zeros that stand for it.
fn set_date(day: i64, text: &mut [u8]) {
    let (year, month, day) = date_of(day);
    set_digits(year, &mut text[..4]);
    set_digits(month, &mut text[5..7]);
    set_digits(day, &mut text[8..10]);
}

/// Write a number of as many digits as there is room for, or fewer.
fn set_digits(number: i64, text: &mut [u8]) {
    let mut rest = number;
    for digit in text.iter_mut().rev() {
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
        assert_eq!(id_of(b"abc").text(), "ba7816bf8f01cfea414140de5dae2223");
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
