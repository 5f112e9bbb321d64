//! A line to the fields of an ordinary event of a contact; of any other line it says nothing.

use crate::json::Cursor;
use crate::time::microseconds;

/// Bytes of a line and characters of an id: of longer ones Python says what is wrong.
pub const LINE_BYTES_MAX: usize = 256 * 1024;
const ID_CHARS_MAX: usize = 128;

/// The fields of an event, as they stand in its line.
pub struct Record<'a> {
    pub event_id: &'a str,
    pub account_id: &'a str,
    pub contact_id: &'a str,
    pub event_type: &'a str,
    pub time_us: i64,
    /// The text of an object; None: it is not there.
    pub properties: Option<&'a str>,
}

/// The event of a line that may be looked at, whatever its type is (`is_type`); None: not me.
pub fn record_of(line: &str) -> Option<Record<'_>> {
    let [event_id, account_id, contact_id, event_type, time, properties] = fields_of(line)?;
    Some(Record {
        event_id: id(event_id?)?,
        account_id: id(account_id?)?,
        contact_id: id(contact_id?)?,
        event_type: id(event_type?)?,
        time_us: microseconds(time?.as_bytes())?,
        properties,
    })
}

impl Record<'_> {
    /// Bytes of its texts, that of a time apart.
    pub fn texts_bytes(&self) -> usize {
        let texts = [self.event_id, self.account_id, self.contact_id, self.event_type, self.properties.unwrap_or("")];
        texts.iter().map(|text| text.len()).sum()
    }

    /// Whether an event that has been read elsewhere would be as it is of its line.
    pub fn is_plain(&self) -> bool {
        let are_plain = [self.event_id, self.account_id, self.contact_id].iter().all(|one| is_plain_id(one));
        are_plain
            && is_type(self.event_type)
            && id(self.event_type).is_some()
            && self.properties.is_none_or(is_plain_object)
    }
}

fn is_plain_id(text: &str) -> bool {
    id(text).is_some() && !text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
}

fn is_plain_object(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    let is_in_a_line = text.starts_with('{') && text.bytes().all(|byte| byte >= b' ');
    is_in_a_line && cursor.skip_object(1).is_some() && cursor.is_at_end()
}

/// A line that may be looked at: UTF-8 without control characters, the line's end apart.
pub fn readable(line: &[u8]) -> Option<&str> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > LINE_BYTES_MAX || line.iter().fold(false, |found, &byte| found | (byte < b' ')) {
        return None;
    }
    std::str::from_utf8(line).ok()
}

/// A text whose lines, between its line feeds, may all be looked at unless they are too long.
pub fn readable_text(text: &[u8]) -> Option<&str> {
    let has_others = text.iter().fold(false, |found, &byte| found | ((byte < b' ') & (byte != b'\n')));
    if has_others {
        return None;
    }
    std::str::from_utf8(text).ok()
}

fn id(text: &str) -> Option<&str> {
    let is_short = text.len() <= ID_CHARS_MAX || text.chars().count() <= ID_CHARS_MAX;
    (!text.is_empty() && is_short).then_some(text)
}

/// Whether a text is dotted words of ASCII.
pub fn is_type(text: &str) -> bool {
    let is_of_words = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*');
    is_of_words && text.split('.').all(|word| !word.is_empty())
}

/// The fields of a record, in the order in which most producers write them, and each as they write it.
const NAMES: [&str; 6] = ["event_id", "account_id", "contact_id", "type", "time", "properties"];
const OPENINGS: [&str; NAMES.len()] =
    ["\"event_id\":", "\"account_id\":", "\"contact_id\":", "\"type\":", "\"time\":", "\"properties\":"];
const PROPERTIES: usize = NAMES.len() - 1;

/// What stands in the fields of a record, in the order of their names: each is there once at most.
type Fields<'a> = [Option<&'a str>; NAMES.len()];

/// The fields of a line that has these only.
fn fields_of(text: &str) -> Option<Fields<'_>> {
    let mut cursor = Cursor::new(text);
    let mut fields = Fields::default();
    let mut expected = 0;
    cursor.take(b'{')?;
    loop {
        let field = field_name(&mut cursor, expected)?;
        let value = if field == PROPERTIES { object(&mut cursor)? } else { cursor.plain_string()? };
        fields[field].replace(value).is_none().then_some(())?;
        expected = field + 1;
        if cursor.take(b',').is_none() {
            break;
        }
    }
    cursor.take(b'}')?;
    cursor.skip_spaces();
    cursor.is_at_end().then_some(fields)
}

/// Step over the name of a field, of which one is expected; which it is.
fn field_name(cursor: &mut Cursor<'_>, expected: usize) -> Option<usize> {
    if OPENINGS.get(expected).is_some_and(|opening| cursor.take_text(opening).is_some()) {
        return Some(expected);
    }
    let name = cursor.plain_string()?;
    cursor.take(b':')?;
    NAMES.iter().position(|one| *one == name)
}

fn object<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    cursor.skip_spaces();
    let start = cursor.position();
    cursor.skip_object(1)?;
    cursor.since(start)
}
