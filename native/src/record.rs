//! A line to the fields of an ordinary event of a contact; of any other line it says nothing.

use crate::json::Cursor;
use crate::time::microseconds;

/// Bytes of a line and characters of an id: of longer ones Python says what is wrong.
const LINE_BYTES_MAX: usize = 256 * 1024;
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

/// The event of a line; None: not me.
pub fn record_of(line: &[u8]) -> Option<Record<'_>> {
    let text = readable(line)?;
    let fields = Fields::of(text)?;
    let event_type = fields.event_type?;
    if !is_type(event_type) {
        return None;
    }
    Some(Record {
        event_id: id(fields.event_id?)?,
        account_id: id(fields.account_id?)?,
        contact_id: id(fields.contact_id?)?,
        event_type: id(event_type)?,
        time_us: microseconds(fields.time?.as_bytes())?,
        properties: fields.properties,
    })
}

impl Record<'_> {
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
    text.bytes().all(|byte| byte >= b' ') && cursor.skip_object(1).is_some() && cursor.is_at_end()
}

/// A line that may be looked at: UTF-8 without control characters, the line's end apart.
fn readable(line: &[u8]) -> Option<&str> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > LINE_BYTES_MAX || line.iter().fold(false, |found, &byte| found | (byte < b' ')) {
        return None;
    }
    std::str::from_utf8(line).ok()
}

fn id(text: &str) -> Option<&str> {
    let is_short = text.len() <= ID_CHARS_MAX || text.chars().count() <= ID_CHARS_MAX;
    (!text.is_empty() && is_short).then_some(text)
}

/// Whether a text is dotted words of ASCII.
fn is_type(text: &str) -> bool {
    let is_of_words = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*');
    is_of_words && text.split('.').all(|word| !word.is_empty())
}

/// The fields of a record by name: each is there once at most.
#[derive(Default)]
struct Fields<'a> {
    event_id: Option<&'a str>,
    account_id: Option<&'a str>,
    contact_id: Option<&'a str>,
    event_type: Option<&'a str>,
    time: Option<&'a str>,
    properties: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// The fields of a line that has these only.
    fn of(text: &'a str) -> Option<Self> {
        let mut cursor = Cursor::new(text);
        let mut fields = Self::default();
        cursor.take(b'{')?;
        loop {
            let name = cursor.plain_string()?;
            cursor.take(b':')?;
            fields.read(name, &mut cursor)?;
            if cursor.take(b',').is_none() {
                break;
            }
        }
        cursor.take(b'}')?;
        cursor.skip_spaces();
        cursor.is_at_end().then_some(fields)
    }

    fn read(&mut self, name: &str, cursor: &mut Cursor<'a>) -> Option<()> {
        let (field, value) = match name {
            "event_id" => (&mut self.event_id, cursor.plain_string()?),
            "account_id" => (&mut self.account_id, cursor.plain_string()?),
            "contact_id" => (&mut self.contact_id, cursor.plain_string()?),
            "type" => (&mut self.event_type, cursor.plain_string()?),
            "time" => (&mut self.time, cursor.plain_string()?),
            "properties" => (&mut self.properties, object(cursor)?),
            _ => return None,
        };
        field.replace(value).is_none().then_some(())
    }
}

fn object<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    cursor.skip_spaces();
    let start = cursor.position();
    cursor.skip_object(1)?;
    cursor.since(start)
}
