//! Record batches of the job: events by partition of their contacts, as `kittiwake.batch.record_batches` has them.
//!
//! A batch is MessagePack: accounts, contacts, times, ids, types, and the properties, one a line. Its compression is
//! Python's.

use crc32fast::Hasher;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use rmp::decode::{read_array_len, read_bin_len, read_int, read_str_from_slice};
use rmp::encode::{write_array_len, write_bin_len, write_sint, write_str};
use rustc_hash::FxHashMap;

use crate::arrow::ArrowRows;
use crate::block::{read_keeping, read_lines, read_rows, read_text, Columns, Found, Keeper, Sorting};
use crate::record::Record;
use crate::sorts::{Kept, Sorts};
use crate::table::Table;

const UPDATED: &str = "contact.updated";

/// Columns whose values stand one behind the other, each with what says how long it is.
const COLUMNS: usize = 5;

/// The events of a partition: what a batch consists of.
#[derive(Default)]
struct Partition {
    rows: u32,
    columns: [Vec<u8>; COLUMNS],
    properties: Vec<u8>,
}

impl Partition {
    fn put(&mut self, record: &Record<'_>) -> std::io::Result<()> {
        let [accounts, contacts, times, ids, types] = &mut self.columns;
        write_str(accounts, record.account_id)?;
        write_str(contacts, record.contact_id)?;
        write_sint(times, record.time_us)?;
        write_str(ids, record.event_id)?;
        write_str(types, record.event_type)?;
        if self.rows > 0 {
            self.properties.push(b'\n');
        }
        self.properties.extend_from_slice(record.properties.unwrap_or("{}").as_bytes());
        self.rows += 1;
        Ok(())
    }

    fn batch(&self) -> std::io::Result<Vec<u8>> {
        let bytes = self.columns.iter().map(Vec::len).sum::<usize>() + self.properties.len();
        let mut batch = Vec::with_capacity(bytes + 64);
        write_array_len(&mut batch, COLUMNS as u32 + 1)?;
        for column in &self.columns {
            write_array_len(&mut batch, self.rows)?;
            batch.extend_from_slice(column);
        }
        write_bin_len(&mut batch, self.properties.len() as u32)?;
        batch.extend_from_slice(&self.properties);
        Ok(batch)
    }
}

/// Deals events out to partitions by their contact, and makes a batch of those of each.
#[pyclass]
pub struct Batcher {
    partitions: u32,
    by_partition: FxHashMap<u32, Partition>,
    /// Partitions in the order in which they came.
    order: Vec<u32>,
    /// Properties that may set a zone, since they were taken.
    zones: Vec<String>,
    sorts: Sorts,
}

#[pymethods]
impl Batcher {
    #[new]
    fn new(partitions: u32) -> Self {
        Self {
            partitions,
            by_partition: FxHashMap::default(),
            order: Vec::new(),
            zones: Vec::new(),
            sorts: Sorts::default(),
        }
    }

    /// As the function `read_lines`; all that is wanted is kept. What `wants` says of an account and a type is
    /// remembered.
    fn read_lines<'py>(
        &mut self,
        lines: Vec<Bound<'py, PyBytes>>,
        earliest_us: i64,
        latest_us: i64,
        wants: &Bound<'py, PyAny>,
    ) -> PyResult<Found<'py>> {
        read_keeping(self, wants, |sorting| read_lines(&lines, earliest_us..=latest_us, sorting))
    }

    /// As the function `read_text`; likewise.
    fn read_text<'py>(
        &mut self,
        text: &Bound<'py, PyBytes>,
        earliest_us: i64,
        latest_us: i64,
        wants: &Bound<'py, PyAny>,
    ) -> PyResult<Found<'py>> {
        read_keeping(self, wants, |sorting| read_text(text, earliest_us..=latest_us, sorting))
    }

    /// As the function `read_rows`; likewise.
    fn read_rows<'py>(
        &mut self,
        rows: ArrowRows,
        earliest_us: i64,
        latest_us: i64,
        wants: &Bound<'py, PyAny>,
    ) -> PyResult<Found<'py>> {
        read_keeping(self, wants, |sorting| read_rows(&rows, earliest_us..=latest_us, sorting))
    }

    /// Take the events of a table.
    fn add(&mut self, table: Table) -> PyResult<()> {
        table.records().try_for_each(|record| self.put(&record?))
    }

    /// Properties of kept events that may set a time zone: of those that came since this was asked.
    fn take_zones<'py>(&mut self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        self.zones.drain(..).map(|text| PyBytes::new(py, text.as_bytes())).collect()
    }

    /// A partition and the batch of its events, which are here no longer: first the partition that came last. None:
    /// there is none left.
    fn pop<'py>(&mut self, py: Python<'py>) -> PyResult<Option<(u32, Bound<'py, PyBytes>)>> {
        let Some(number) = self.order.pop() else { return Ok(None) };
        let partition = self.by_partition.remove(&number).unwrap_or_default();
        Ok(Some((number, PyBytes::new(py, &partition.batch()?))))
    }
}

impl Batcher {
    fn put(&mut self, record: &Record<'_>) -> PyResult<()> {
        let number = partition_of(record.account_id, record.contact_id, self.partitions);
        let partition = self.by_partition.entry(number).or_insert_with(|| {
            self.order.push(number);
            Partition::default()
        });
        Ok(partition.put(record)?)
    }
}

impl Keeper for Batcher {
    fn sorts(&mut self) -> &mut Sorts {
        &mut self.sorts
    }

    fn keeper(&mut self, _: &Bound<'_, PyString>, _: &str, event_type: &str) -> PyResult<Option<Kept>> {
        Ok(Some((0, u16::from(event_type == UPDATED))))
    }

    fn keep(&mut self, (_, is_update): Kept, record: &Record<'_>) -> PyResult<bool> {
        if let (1, Some(text)) = (is_update, record.properties) {
            if text.contains("timezone") || text.contains('\\') {
                self.zones.push(text.into());
            }
        }
        self.put(record)?;
        Ok(true)
    }
}

/// As `kittiwake.batch.record_batches.partition_of`: both sides of a shuffle have to say the same.
fn partition_of(account_id: &str, contact_id: &str, partitions: u32) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(account_id.as_bytes());
    hasher.update(contact_id.as_bytes());
    hasher.finalize() % partitions
}

/// The events of a batch as columns, but for those that are kept.
pub fn read_batch<'py>(batch: &Bound<'py, PyBytes>, keeper: &mut dyn Keeper) -> PyResult<Columns<'py>> {
    let rows = rows_of(batch.as_bytes()).ok_or_else(|| PyValueError::new_err("a record batch is broken"))?;
    let mut sorts = Sorts::default();
    let mut sorting = Sorting::new(batch.py(), &mut sorts, None, Some(keeper));
    for record in rows {
        let number = sorting.number_of(&record)?;
        sorting.put(number, &record, record.is_plain())?;
    }
    sorting.columns()
}

fn rows_of(mut batch: &[u8]) -> Option<Vec<Record<'_>>> {
    let data = &mut batch;
    (read_array_len(data).ok()? == COLUMNS as u32 + 1).then_some(())?;
    let (accounts, contacts) = (column(data, text)?, column(data, text)?);
    let times = column(data, |data| read_int(data).ok())?;
    let (ids, types) = (column(data, text)?, column(data, text)?);
    let bytes = read_bin_len(data).ok()? as usize;
    let mut properties = std::str::from_utf8(data.get(..bytes)?).ok()?.split('\n');
    let row = |at: usize| {
        Some(Record {
            event_id: ids.get(at)?,
            account_id: accounts[at],
            contact_id: contacts.get(at)?,
            event_type: types.get(at)?,
            time_us: *times.get(at)?,
            properties: Some(properties.next()?),
        })
    };
    (0..accounts.len()).map(row).collect()
}

fn column<'a, T>(data: &mut &'a [u8], value: impl Fn(&mut &'a [u8]) -> Option<T>) -> Option<Vec<T>> {
    let rows = read_array_len(data).ok()?;
    (0..rows).map(|_| value(data)).collect()
}

fn text<'a>(data: &mut &'a [u8]) -> Option<&'a str> {
    let (text, rest) = read_str_from_slice(*data).ok()?;
    *data = rest;
    Some(text)
}
