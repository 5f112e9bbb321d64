//! Kittiwake's accelerator: ordinary records of a block at once, and ordinary contacts. It may say "not me" of any.
//!
//! What a record means stands in Python (`kittiwake.input`), and what rules mean (`kittiwake.kernel`): all that is left
//! here goes there. Why there are two of it, and what holds them together: docs/explanation/adr/0030 and 0033.

mod arrow;
mod batches;
mod block;
mod contacts;
mod decide;
mod events;
mod gathered;
mod held;
mod json;
mod record;
mod rows;
mod sorts;
mod spilled;
mod table;
mod template;
mod time;

#[pyo3::pymodule]
mod kittiwake_native {
    use pyo3::prelude::*;
    use pyo3::types::PyBytes;

    use crate::arrow::ArrowRows;
    use crate::block::{read_lines as of_lines, read_rows as of_rows, read_text as of_text, Found, Sorting};
    use crate::sorts::Sorts;

    #[pymodule_export]
    use crate::batches::Batcher;
    #[pymodule_export]
    use crate::gathered::Gathered;

    /// Which form the answers have: Python uses a module of its own form only.
    #[pymodule_export]
    const FORM: u32 = 9;

    /// The events of lines, as columns; how many were taken; the time of the newest; the indexes of lines that were
    /// left; the accounts and types that came; how many are kept elsewhere, which is none.
    #[pyfunction]
    fn read_lines<'py>(
        lines: Vec<Bound<'py, PyBytes>>,
        earliest_us: i64,
        latest_us: i64,
        wants: &Bound<'py, PyAny>,
    ) -> PyResult<Found<'py>> {
        let mut sorts = Sorts::default();
        of_lines(&lines, earliest_us..=latest_us, Sorting::new(wants.py(), &mut sorts, Some(wants), None))
    }

    /// As `read_lines`, of the lines of a text: they need not be cut.
    #[pyfunction]
    fn read_text<'py>(
        text: &Bound<'py, PyBytes>,
        earliest_us: i64,
        latest_us: i64,
        wants: &Bound<'py, PyAny>,
    ) -> PyResult<Found<'py>> {
        let mut sorts = Sorts::default();
        of_text(text, earliest_us..=latest_us, Sorting::new(wants.py(), &mut sorts, Some(wants), None))
    }

    /// As `read_lines`, of rows of columns.
    #[pyfunction]
    fn read_rows<'py>(
        rows: ArrowRows,
        earliest_us: i64,
        latest_us: i64,
        wants: &Bound<'py, PyAny>,
    ) -> PyResult<Found<'py>> {
        let mut sorts = Sorts::default();
        of_rows(&rows, earliest_us..=latest_us, Sorting::new(wants.py(), &mut sorts, Some(wants), None))
    }

    #[pymodule_export]
    use crate::decide::Decider;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
