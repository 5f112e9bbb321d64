//! Rows of Arrow's columns to the fields of ordinary events; of any other row it says nothing.
//!
//! `kittiwake.input.native.rows` hands over the bytes of their buffers, cut to the rows: nothing is read in memory that
//! Python has not bounded.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::record::Record;
use crate::time::microseconds;

/// Bytes of a row's texts: as a line, in which each may become six, it is far shorter than one that is refused.
const ROW_BYTES_MAX: usize = 40_000;

/// Bytes of a number, and of where a text ends.
const WIDTH: usize = 8;

/// Which rows have a value: a bit each, behind `skipped` others; None: all have.
#[derive(FromPyObject)]
struct Validity {
    bits: Option<PyBackedBytes>,
    skipped: usize,
}

impl Validity {
    fn has(&self, at: usize) -> Option<bool> {
        let Some(bits) = &self.bits else { return Some(true) };
        let bit = at + self.skipped;
        Some(bits.get(bit / 8)? >> (bit % 8) & 1 == 1)
    }
}

/// Texts one behind the other, and where each begins, and the last ends, in what they were cut from.
#[derive(FromPyObject)]
struct Texts {
    validity: Validity,
    starts: PyBackedBytes,
    data: PyBackedBytes,
}

impl Texts {
    /// The text of a row, or that it has none; None: not me.
    fn get(&self, at: usize) -> Option<Option<&str>> {
        if !self.validity.has(at)? {
            return Some(None);
        }
        let zero = number(&self.starts, 0)?;
        let place = |at| usize::try_from(number(&self.starts, at)?.checked_sub(zero)?).ok();
        std::str::from_utf8(self.data.get(place(at)?..place(at + 1)?)?).ok().map(Some)
    }
}

/// Whole numbers of a unit, of which `per_us` are a microsecond, or `us` microseconds one.
#[derive(FromPyObject)]
struct Counted {
    validity: Validity,
    numbers: PyBackedBytes,
    us: i64,
    per_us: i64,
}

impl Counted {
    fn get(&self, at: usize) -> Option<i64> {
        self.validity.has(at)?.then_some(())?;
        Some(number(&self.numbers, at)?.checked_mul(self.us)?.div_euclid(self.per_us))
    }
}

#[derive(FromPyObject)]
enum Times {
    Counted(Counted),
    Texts(Texts),
}

impl Times {
    fn get(&self, at: usize) -> Option<i64> {
        match self {
            Self::Counted(counted) => counted.get(at),
            Self::Texts(texts) => microseconds(texts.get(at)??.as_bytes()),
        }
    }
}

/// The columns of some rows; those that may be missing are None then.
#[derive(FromPyObject)]
pub struct ArrowRows {
    rows: usize,
    event_ids: Texts,
    account_ids: Texts,
    contact_ids: Texts,
    item_ids: Option<Texts>,
    types: Texts,
    times: Times,
    properties: Option<Texts>,
}

impl ArrowRows {
    /// The events of rows; None: not me.
    pub fn records(&self) -> impl Iterator<Item = Option<Record<'_>>> {
        (0..self.rows).map(|at| self.record(at).filter(Record::is_plain))
    }

    fn record(&self, at: usize) -> Option<Record<'_>> {
        let of_item = self.item_ids.as_ref().map_or(Some(None), |ids| ids.get(at))?;
        let record = Record {
            event_id: self.event_ids.get(at)??,
            account_id: self.account_ids.get(at)??,
            contact_id: self.contact_ids.get(at)??,
            event_type: self.types.get(at)??,
            time_us: self.times.get(at)?,
            properties: self.properties.as_ref().map_or(Some(None), |texts| texts.get(at))?,
        };
        (of_item.is_none() && record.texts_bytes() <= ROW_BYTES_MAX).then_some(record)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<i64> {
    let found = bytes.get(at * WIDTH..(at + 1) * WIDTH)?;
    Some(i64::from_ne_bytes(found.try_into().ok()?))
}
