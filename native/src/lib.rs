//! Kittiwake's accelerator: ordinary records of a block at once. It may say "not me" of any of them.
//!
//! What a record means stands in Python (`kittiwake.input`), which reads all that is left here.
//! Why there are two of it, and what holds them together: docs/explanation/adr/0030.

mod block;
mod json;
mod record;
mod time;

#[pyo3::pymodule]
mod kittiwake_native {
    use pyo3::prelude::*;
    use pyo3::types::PyList;

    use crate::block::{read, Found};

    /// Which form the answers have: Python uses a module of its own form only.
    #[pymodule_export]
    const FORM: u32 = 1;

    /// The events of lines, as columns; how many were taken; the time of the newest; the indexes of lines that were
    /// left; the accounts and types that came.
    #[pyfunction]
    fn read_lines<'py>(
        lines: &Bound<'py, PyList>,
        earliest_us: i64,
        latest_us: i64,
        wants: &Bound<'py, PyAny>,
    ) -> PyResult<Found<'py>> {
        read(lines, earliest_us, latest_us, wants)
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
