//! Whole histories of contacts decided: what `kittiwake.kernel.batch.decide_sorted_history` decides, of ordinary rules.
//!
//! What rules mean stands in Python. This may say "not me" of any contact, and does of all that it is not sure of.
//! Why there are two of it, and what holds them together: docs/explanation/adr/0033.

mod clock;
mod contact;
mod episodes;
mod gates;
mod history;
pub mod lines;
mod matching;
mod plan;
mod rows;
mod run;
mod state;
mod values;
mod wait;
mod walk;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::events::Event;
use crate::rows::needs_no_escape;

use clock::Clock;
use lines::{LinePlan, LineTexts, Sums, Written};
use plan::Program;
use rows::{Objects, Words};
use run::Run;

/// Why there is no answer.
pub enum Left {
    NotMe,
    Failed(PyErr),
}

/// The answer; None: not me.
fn unless_not_me<T>(step: Step<T>) -> PyResult<Option<T>> {
    match step {
        Ok(answer) => Ok(Some(answer)),
        Err(Left::NotMe) => Ok(None),
        Err(Left::Failed(error)) => Err(error),
    }
}

impl From<PyErr> for Left {
    fn from(error: PyErr) -> Self {
        Left::Failed(error)
    }
}

impl From<std::convert::Infallible> for Left {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

pub type Step<T> = Result<T, Left>;

/// Decisions, and what waits by the index of its rule: how many, and the earliest deadline.
type Decided<'py> = (Vec<Bound<'py, PyAny>>, Vec<(usize, usize, i64)>);

/// Decides the histories of an account's contacts.
#[pyclass(module = "kittiwake_native")]
pub struct Decider {
    program: Program,
    words: Words,
    clock: Clock,
    lines: Option<LinePlan>,
}

/// Account, contact and events that lie before the end of the run, in order and without duplicates.
pub type Contact<'a> = (&'a str, &'a str, &'a [Event<'a>]);

#[pymethods]
impl Decider {
    /// `lines`: of each rule what its lines are made of; None: it writes none.
    #[new]
    #[pyo3(signature = (program, words, asked, lines=None))]
    fn new(
        py: Python<'_>,
        program: Program,
        words: Words,
        asked: Py<PyAny>,
        lines: Option<Vec<LineTexts>>,
    ) -> PyResult<Self> {
        let lines = lines.map(|texts| LinePlan::new(py, texts, &words)).transpose()?;
        Ok(Self { program, words, clock: Clock::new(asked), lines })
    }

    /// What becomes of a contact whose rows are sorted, without duplicates and before `until_us`; None: not me.
    fn decide<'py>(
        &mut self,
        account_id: &Bound<'py, PyString>,
        contact_id: &Bound<'py, PyString>,
        rows: &Bound<'py, PyList>,
        until_us: i64,
    ) -> PyResult<Option<Decided<'py>>> {
        unless_not_me(self.decided(account_id, contact_id, rows, until_us))
    }
}

impl Decider {
    /// Decide a contact, add its lines and count it; whether it was, or else nothing was done.
    pub fn decide_lines(
        &mut self,
        py: Python<'_>,
        contact: Contact<'_>,
        until_us: i64,
        out: &mut Written,
        sums: &mut Sums,
    ) -> PyResult<bool> {
        Ok(unless_not_me(self.written(py, contact, until_us, out, sums))?.is_some())
    }

    fn written(
        &mut self,
        py: Python<'_>,
        contact: Contact<'_>,
        until_us: i64,
        out: &mut Written,
        sums: &mut Sums,
    ) -> Step<()> {
        let (account_id, contact_id, events) = contact;
        if ![account_id, contact_id].into_iter().all(needs_no_escape) {
            return Err(Left::NotMe);
        }
        if events.is_empty() {
            let is_nothing = self.program.readied.is_empty();
            return if is_nothing { Ok(()) } else { Err(Left::NotMe) };
        }
        let lines = self.lines.as_ref().ok_or(Left::NotMe)?;
        let mut run = Run::new(py, &self.program, &mut self.clock, contact)?;
        run.walk(until_us)?;
        run.write(lines, out, sums)
    }

    fn decided<'py>(
        &mut self,
        account_id: &Bound<'py, PyString>,
        contact_id: &Bound<'py, PyString>,
        rows: &Bound<'py, PyList>,
        until_us: i64,
    ) -> Step<Decided<'py>> {
        let py = rows.py();
        let held: Vec<Columns<'py>> = rows.iter().map(|row| columns_of(&row)).collect::<PyResult<_>>()?;
        let mut events = Vec::with_capacity(held.len());
        for (time_us, event_id, event_type, properties) in &held {
            let properties = std::str::from_utf8(properties.as_bytes()).map_err(|_| Left::NotMe)?;
            let (id, event_type) = (event_id.to_str()?, event_type.to_str()?);
            events.push(Event { time_us: *time_us, id, event_type, properties });
        }
        let contact = (account_id.to_str()?, contact_id.to_str()?, &*events);
        let mut run = Run::new(py, &self.program, &mut self.clock, contact)?;
        run.walk(until_us)?;
        let event_ids: Vec<Bound<'py, PyAny>> = held.iter().map(|columns| columns.1.clone().into_any()).collect();
        let objects =
            Objects { account_id: account_id.as_any(), contact_id: contact_id.as_any(), event_ids: &event_ids };
        let pending = run.pending();
        let rows = std::mem::take(&mut run.rows);
        let decisions: Step<Vec<Bound<'py, PyAny>>> =
            rows.into_iter().map(|row| run.decision(&self.words, &objects, row)).collect();
        Ok((decisions?, pending))
    }
}

type Columns<'py> = (i64, Bound<'py, PyString>, Bound<'py, PyString>, Bound<'py, PyBytes>);

fn columns_of<'py>(row: &Bound<'py, PyAny>) -> PyResult<Columns<'py>> {
    let row = row.cast::<PyTuple>()?;
    Ok((
        row.get_item(0)?.extract()?,
        row.get_item(1)?.cast_into::<PyString>()?,
        row.get_item(2)?.cast_into::<PyString>()?,
        row.get_item(3)?.cast_into::<PyBytes>()?,
    ))
}
