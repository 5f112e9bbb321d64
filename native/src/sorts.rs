//! Sorts of events: an account with a type. What is done with those of one is asked once, and remembered.

use pyo3::prelude::*;
use pyo3::types::PyString;
use rustc_hash::FxHashMap;

use crate::record::is_type;

/// Sorts that are remembered from one block to the next: whoever makes up types takes no more memory than that.
const REMEMBERED_MAX: usize = 1 << 14;

/// The number of an account, and that of a type, under which events are kept.
pub type Kept = (u32, u16);

/// An account and a type that came in it.
pub struct Sort {
    pub account_id: Py<PyString>,
    pub event_type: Py<PyString>,
    /// Whether the type is one.
    pub is_plain: bool,
    pub is_wanted: bool,
    pub kept: Option<Kept>,
    /// Whether the block has events of it.
    has_come: bool,
}

impl Sort {
    /// Of events that are not kept, unless that is set.
    pub fn new(
        account_id: &Bound<'_, PyString>,
        event_type: &Bound<'_, PyString>,
        name: &str,
        is_wanted: bool,
    ) -> Self {
        let (account_id, event_type) = (account_id.clone().unbind(), event_type.clone().unbind());
        Self { account_id, event_type, is_plain: is_type(name), is_wanted, kept: None, has_come: false }
    }
}

/// The sorts that came so far.
#[derive(Default)]
pub struct Sorts {
    all: Vec<Sort>,
    /// By account and type.
    numbers: FxHashMap<Box<str>, FxHashMap<Box<str>, usize>>,
    /// Those of which the block has events.
    came: Vec<usize>,
}

impl Sorts {
    /// A block begins, in which none has come yet.
    pub fn begin_block(&mut self) {
        if self.all.len() > REMEMBERED_MAX {
            *self = Self::default();
        }
        for number in self.came.drain(..) {
            self.all[number].has_come = false;
        }
    }

    /// The number of a sort; None: it is not remembered.
    pub fn find(&self, account: &str, event_type: &str) -> Option<usize> {
        self.numbers.get(account)?.get(event_type).copied()
    }

    pub fn add(&mut self, account: &str, event_type: &str, sort: Sort) -> usize {
        let number = self.all.len();
        self.all.push(sort);
        self.numbers.entry(account.into()).or_default().insert(event_type.into(), number);
        number
    }

    pub fn get(&self, number: usize) -> &Sort {
        &self.all[number]
    }

    /// A sort, of which the block has an event.
    pub fn come(&mut self, number: usize) -> &Sort {
        let sort = &mut self.all[number];
        if !sort.has_come {
            sort.has_come = true;
            self.came.push(number);
        }
        sort
    }

    /// Those of which the block has events.
    pub fn came(&self) -> impl Iterator<Item = &Sort> {
        self.came.iter().map(|&number| &self.all[number])
    }
}
