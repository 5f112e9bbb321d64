//! The properties of an event, as far as nobody can doubt what they are; all else is `Odd`, and not for here.
//!
//! A value is a slice of its event's text that is its canonical JSON too (`kittiwake.values.canonical`).

use crate::json::quote_or_backslash;

/// Digits of a number with a point: of longer ones some may not be kept.
const DIGITS_MAX: usize = 15;

/// Digits of an integer that fits 64 bits, whatever they are.
const INTEGER_DIGITS_MAX: usize = 18;

/// Digits behind the point that a number may have here.
const FRACTION_DIGITS_MAX: usize = 6;

/// What numbers are counted in: millionths.
pub const ONE: i128 = 1_000_000;

/// Bytes of a text that may be a key, quotes included: those of as many characters as a key may have at least.
const KEY_BYTES_MAX: usize = 1_024;

/// A value at the top of an event's properties.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Null,
    Bool(&'a str),
    /// With its quotes.
    Text(&'a str),
    /// As it is written shortest, and in millionths.
    Number(&'a str, i128),
    /// Anything else.
    Odd,
}

impl<'a> Value<'a> {
    /// Its canonical JSON; None: it is not known here.
    pub fn canonical(&self) -> Option<&'a str> {
        match *self {
            Value::Null => Some("null"),
            Value::Bool(text) | Value::Text(text) | Value::Number(text, _) => Some(text),
            Value::Odd => None,
        }
    }

    /// Its canonical JSON, where it may be a key.
    pub fn key(&self) -> Option<&'a str> {
        match *self {
            Value::Null | Value::Odd => None,
            _ => self.canonical().filter(|text| text.len() <= KEY_BYTES_MAX),
        }
    }

    fn number(text: &'a str) -> Self {
        match plain_number(text) {
            Some((text, millionths)) => Value::Number(text, millionths),
            None => Value::Odd,
        }
    }
}

/// A number written shortest, and in millionths; None: it is not plain.
fn plain_number(text: &str) -> Option<(&str, i128)> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let has_point = whole.len() < digits.len();
    let length_max = if has_point { DIGITS_MAX } else { INTEGER_DIGITS_MAX };
    let kept = fraction.trim_end_matches('0');
    if whole.len() + fraction.len() > length_max || kept.len() > FRACTION_DIGITS_MAX {
        return None;
    }
    let whole_part: i128 = whole.parse().ok()?;
    let mut part: i128 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    for _ in kept.len()..FRACTION_DIGITS_MAX {
        part *= 10;
    }
    let millionths = whole_part * ONE + part;
    if is_negative && millionths == 0 {
        return None;
    }
    let cut = fraction.len() - kept.len() + usize::from(has_point && kept.is_empty());
    Some((&text[..text.len() - cut], if is_negative { -millionths } else { millionths }))
}

/// A property and its value.
pub type Field<'a> = (&'a str, Value<'a>);

/// The value of a property; None: there is none. Of several of one name the last counts.
pub fn found<'a>(fields: &[Field<'a>], name: &str) -> Option<Value<'a>> {
    fields.iter().rev().find(|(other, _)| *other == name).map(|(_, value)| *value)
}

/// Add what stands at the top of an object of sound JSON; None: it has names that are not plain.
pub fn read_fields<'a>(text: &'a str, fields: &mut Vec<Field<'a>>) -> Option<()> {
    let mut reader = Reader { text, at: 0 };
    reader.expect(b'{')?;
    if reader.next()? == b'}' {
        return Some(());
    }
    loop {
        let name = reader.string()?;
        let name = name.get(1..name.len() - 1).filter(|name| !name.contains('\\'))?;
        reader.expect(b':')?;
        let value = reader.value()?;
        fields.push((name, value));
        match reader.next()? {
            b',' => reader.at += 1,
            b'}' => return Some(()),
            _ => return None,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.at += 1)
    }

    /// A string with its quotes.
    fn string(&mut self) -> Option<&'a str> {
        if self.next()? != b'"' {
            return None;
        }
        let (start, bytes) = (self.at, self.text.as_bytes());
        self.at += 1;
        loop {
            self.at = quote_or_backslash(bytes, self.at)?;
            if bytes[self.at] == b'"' {
                self.at += 1;
                return self.text.get(start..self.at);
            }
            self.at += 2;
        }
    }

    fn value(&mut self) -> Option<Value<'a>> {
        match self.next()? {
            b'"' => {
                let text = self.string()?;
                Some(if text.contains('\\') { Value::Odd } else { Value::Text(text) })
            }
            b'{' | b'[' => self.skip_nested(),
            b't' => self.word("true").map(Value::Bool),
            b'f' => self.word("false").map(Value::Bool),
            b'n' => self.word("null").map(|_| Value::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str) -> Option<&'a str> {
        let start = self.at;
        self.at += word.len();
        self.text.get(start..self.at).filter(|found| *found == word)
    }

    fn number(&mut self) -> Option<Value<'a>> {
        let (start, bytes) = (self.at, self.text.as_bytes());
        while matches!(bytes.get(self.at), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        self.text.get(start..self.at).filter(|text| !text.is_empty()).map(Value::number)
    }

    fn skip_nested(&mut self) -> Option<Value<'a>> {
        let mut depth = 0;
        loop {
            match self.next()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(Value::Odd);
            }
        }
    }
}
