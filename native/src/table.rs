//! Events that Python has read: those of a `kittiwake.input.bulk.Table`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyString;
use rustc_hash::FxHashMap;

use crate::block::Keeper;
use crate::record::Record;
use crate::sorts::Kept;

/// A list a field, all of one length.
#[derive(FromPyObject)]
pub struct Table {
    account_ids: Vec<PyBackedStr>,
    contact_ids: Vec<PyBackedStr>,
    times_us: Vec<i64>,
    event_ids: Vec<PyBackedStr>,
    types: Vec<PyBackedStr>,
    properties: Vec<PyBackedBytes>,
}

impl Table {
    pub fn records(&self) -> impl Iterator<Item = PyResult<Record<'_>>> {
        (0..self.times_us.len()).map(|at| {
            let properties = std::str::from_utf8(&self.properties[at]);
            Ok(Record {
                event_id: &self.event_ids[at],
                account_id: &self.account_ids[at],
                contact_id: &self.contact_ids[at],
                event_type: &self.types[at],
                time_us: self.times_us[at],
                properties: Some(properties.map_err(|error| PyValueError::new_err(error.to_string()))?),
            })
        })
    }

    /// Let `keeper` keep the events that are as they would stand in ordinary lines; which are left.
    pub fn kept_by(&self, py: Python<'_>, keeper: &mut dyn Keeper) -> PyResult<Vec<usize>> {
        let mut numbers: FxHashMap<(&str, &str), Option<Kept>> = FxHashMap::default();
        let mut left = Vec::new();
        for (at, record) in self.records().enumerate() {
            let record = record?;
            let sort = (record.account_id, record.event_type);
            let kept = match numbers.get(&sort) {
                Some(kept) => *kept,
                None => {
                    let kept = keeper.keeper(&PyString::new(py, sort.0), sort.0, sort.1)?;
                    numbers.insert(sort, kept);
                    kept
                }
            };
            let is_kept = match kept.filter(|_| record.is_plain()) {
                Some(kept) => keeper.keep(kept, &record)?,
                None => false,
            };
            if !is_kept {
                left.push(at);
            }
        }
        Ok(left)
    }
}
