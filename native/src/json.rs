//! Steps over JSON whose meaning nobody can doubt; at anything else it stops.
//!
//! A number with an exponent or with very many digits, an escape for half of a surrogate pair, deep nesting: Python
//! says what they are. A line is valid UTF-8 without control characters before it comes here.

use memchr::memchr2;

/// Objects and lists inside one another, the record's own included: half of what Python allows.
const NESTING_MAX: usize = 32;

/// Characters of a number: any double and any integer of 64 bits is shorter, and none so short is out of range.
const NUMBER_CHARS_MAX: usize = 40;

/// Words of eight bytes in which a quote is looked for before a search for long texts is begun: most are shorter.
const NEAR_WORDS: usize = 4;

/// Bytes of a word, each of them 1, and the highest bit of each.
const ONES: u64 = u64::MAX / 255;
const HIGHEST: u64 = ONES << 7;

/// Where the next quote or backslash stands, from a position on.
pub fn quote_or_backslash(text: &[u8], start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let mut at = start;
    for word in rest.chunks_exact(size_of::<u64>()).take(NEAR_WORDS) {
        let word = u64::from_le_bytes(word.try_into().ok()?);
        let found = zero_bytes(word ^ (ONES * u64::from(b'"'))) | zero_bytes(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += size_of::<u64>();
    }
    memchr2(b'"', b'\\', &text[at..]).map(|width| at + width)
}

/// The highest bits of the bytes that are zero; beyond the lowest of them others may be set too.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHEST
}

/// A text of JSON, and how far it has been read.
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What has been read since a position.
    pub fn since(&self, start: usize) -> Option<&'a str> {
        self.text.get(start..self.at)
    }

    pub fn position(&self) -> usize {
        self.at
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Step over a byte, if it comes next behind spaces.
    pub fn take(&mut self, byte: u8) -> Option<()> {
        self.skip_spaces();
        self.take_here(byte)
    }

    fn take_here(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Step over a text, if it comes next.
    pub fn take_text(&mut self, text: &str) -> Option<()> {
        let found = self.text.as_bytes().get(self.at..)?.starts_with(text.as_bytes());
        found.then(|| self.at += text.len())
    }

    /// The characters of a string without escapes.
    pub fn plain_string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let start = self.at;
        self.at = quote_or_backslash(self.text.as_bytes(), start)?;
        let found = self.since(start);
        self.take_here(b'"')?;
        found
    }

    /// Step over an object, which comes next behind spaces.
    pub fn skip_object(&mut self, depth: usize) -> Option<()> {
        self.take(b'{')?;
        if depth >= NESTING_MAX {
            return None;
        }
        if self.take(b'}').is_some() {
            return Some(());
        }
        loop {
            self.take(b'"')?;
            self.skip_string()?;
            self.take(b':')?;
            self.skip_value(depth + 1)?;
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
        }
    }

    fn skip_list(&mut self, depth: usize) -> Option<()> {
        self.take(b'[')?;
        if depth >= NESTING_MAX {
            return None;
        }
        if self.take(b']').is_some() {
            return Some(());
        }
        loop {
            self.skip_value(depth + 1)?;
            if self.take(b',').is_none() {
                return self.take(b']');
            }
        }
    }

    fn skip_value(&mut self, depth: usize) -> Option<()> {
        self.skip_spaces();
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.skip_string()
            }
            b'{' => self.skip_object(depth),
            b'[' => self.skip_list(depth),
            b't' => self.skip_word("true"),
            b'f' => self.skip_word("false"),
            b'n' => self.skip_word("null"),
            _ => self.skip_number(),
        }
    }

    fn skip_word(&mut self, word: &str) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    /// Step over the rest of a string whose first quote has been read.
    fn skip_string(&mut self) -> Option<()> {
        loop {
            let found = quote_or_backslash(self.text.as_bytes(), self.at)?;
            self.at = found + 1;
            if self.text.as_bytes()[found] == b'"' {
                return Some(());
            }
            self.skip_escape()?;
        }
    }

    fn skip_escape(&mut self) -> Option<()> {
        let kind = self.peek()?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => self.skip_code(),
            _ => None,
        }
    }

    /// Step over the four digits of a character that is no surrogate.
    fn skip_code(&mut self) -> Option<()> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let code = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        char::from_u32(code).map(|_| ())
    }

    /// Step over a number without an exponent.
    fn skip_number(&mut self) -> Option<()> {
        let start = self.at;
        let _ = self.take_here(b'-');
        if self.take_here(b'0').is_none() {
            self.skip_digits()?;
        }
        if self.take_here(b'.').is_some() {
            self.skip_digits()?;
        }
        let ends = !matches!(self.peek(), Some(b'e' | b'E' | b'0'..=b'9'));
        (ends && self.at - start <= NUMBER_CHARS_MAX).then_some(())
    }

    fn skip_digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::{quote_or_backslash, NEAR_WORDS};

    #[test]
    fn the_next_quote_or_backslash_is_found_wherever_it_stands() {
        for length in 0..16 * NEAR_WORDS {
            for other in [b'!', b'#', b'[', b']', 0, 0x80, 0xa2, 0xdc, 0xff] {
                let text = vec![other; length];
                assert_eq!(quote_or_backslash(&text, 0), None);
                for at in 0..length {
                    for mark in [b'"', b'\\'] {
                        let mut text = text.clone();
                        text[at] = mark;
                        text[length - 1] = b'"';
                        assert_eq!(quote_or_backslash(&text, 0), Some(at), "{text:?}");
                        assert_eq!(quote_or_backslash(&text, at), Some(at), "{text:?}");
                    }
                }
            }
        }
    }
}
