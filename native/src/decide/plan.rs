//! What a program asks, as `kittiwake.batch.deciding.plan` has made it of rules that are all of kinds known here.

use pyo3::prelude::*;
use rustc_hash::FxHashMap;

/// A predicate of an event's properties.
#[derive(FromPyObject)]
pub struct Predicate {
    /// all, any, not, in, gt, gte, lt, lte, exists.
    pub operator: String,
    pub name: String,
    /// IN: canonical JSON of what a value may be; EXISTS: one of "true" and "false".
    pub texts: Vec<String>,
    /// Of a comparison of numbers, in millionths.
    pub bound: i64,
    pub parts: Vec<Predicate>,
}

/// A tree of conditions.
#[derive(FromPyObject)]
pub struct Tree {
    /// leaf, all, any, not.
    pub operator: String,
    /// Which condition.
    pub leaf: usize,
    pub parts: Vec<Tree>,
}

/// An alternative of `unless`.
#[derive(FromPyObject)]
pub struct Unless {
    pub asked: Option<Predicate>,
    /// Of what is pending: which of its `same` values; of the event: the property that has to equal it.
    pub wants: Vec<(usize, String)>,
}

/// What an event of a type does in a rule.
#[derive(FromPyObject)]
pub struct Route {
    pub rule: usize,
    pub unless: Vec<Unless>,
    /// Conditions that remember it, where the predicate holds.
    pub records: Vec<(usize, Option<Predicate>)>,
    pub is_when: bool,
    pub when: Option<Predicate>,
    /// Of a sequence, the later first.
    pub steps: Vec<(usize, Option<Predicate>)>,
}

#[derive(FromPyObject)]
pub struct Wait {
    /// delays, field, until.
    pub kind: String,
    pub delays_us: Vec<i64>,
    pub numbered: bool,
    /// The property, or the attribute.
    pub name: String,
    pub unit_us: i64,
    pub default_us: Option<i64>,
    pub of_contact: bool,
    pub repeats: bool,
    /// The `UntilWait`.
    pub compiled: Py<PyAny>,
}

#[derive(FromPyObject)]
pub struct Condition {
    /// count, sum, latest.
    pub kind: String,
    pub within_us: Option<i64>,
    /// What is summed.
    pub name: String,
    /// eq, gt, gte, lt, lte.
    pub operator: String,
    pub bound: i64,
    /// Which of the `same` values of a match it asks about.
    pub asked_same: Vec<usize>,
    /// The properties of an event that counts which those have to equal.
    pub own_same: Vec<String>,
    pub kept: usize,
}

#[derive(FromPyObject)]
pub struct Reaches {
    pub name: Option<String>,
    pub at: Vec<i64>,
    pub at_texts: Vec<String>,
    pub at_values: Vec<Py<PyAny>>,
    pub anew: String,
}

#[derive(FromPyObject)]
pub struct Include {
    /// Canonical JSON of the field's name.
    pub field: String,
    /// The property; empty: `said`.
    pub name: String,
    pub said: String,
}

#[derive(FromPyObject)]
pub struct Cap {
    pub max_fired: usize,
    /// day, week; empty: `within_us`.
    pub calendar: String,
    pub within_us: i64,
    /// By rule: whether its firings count.
    pub counts: Vec<bool>,
}

#[derive(FromPyObject)]
pub struct Quiet {
    pub edges: Vec<i64>,
    pub compiled: Py<PyAny>,
}

#[derive(FromPyObject)]
pub struct Rule {
    pub id_text: String,
    pub rule_id: Py<PyAny>,
    pub version: Py<PyAny>,
    pub channel: Py<PyAny>,
    /// Its place by priority and id.
    pub rank: usize,
    /// Its place by id.
    pub id_rank: usize,
    /// What stands before each value in the text of an instance, and the property, in order.
    pub per: Vec<(String, String)>,
    pub same: Vec<String>,
    pub restart: bool,
    pub shadow: bool,
    pub transactional: bool,
    pub holdout: bool,
    pub expires_us: i64,
    pub keep_us: i64,
    pub ready_us: Option<i64>,
    /// For how long re-entry counts a firing.
    pub reentry_us: Option<i64>,
    pub wait: Option<Wait>,
    /// Steps and span of a sequence.
    pub sequence: Option<(usize, i64)>,
    pub audience: Option<Tree>,
    pub emits_exit: bool,
    pub reaches: Option<Reaches>,
    pub given: Option<Tree>,
    pub conditions: Vec<Condition>,
    pub include: Vec<Include>,
    /// Which purpose, and whether it is granted by default.
    pub consent: Option<(usize, bool)>,
    pub quiet: Option<Quiet>,
    pub arbitrated: bool,
    pub caps: Vec<Cap>,
}

#[derive(FromPyObject)]
pub struct Limits {
    pub keys: usize,
    pub sum_entries: usize,
    pub max_wait_us: i64,
    pub include_bytes: usize,
    pub attribute_bytes: usize,
    pub ids: usize,
}

/// The rules of an account.
#[derive(FromPyObject)]
pub struct Program {
    pub ruleset_version: Py<PyAny>,
    pub zone: String,
    pub rules: Vec<Rule>,
    pub by_type: FxHashMapOf<Vec<Route>>,
    pub of_any: Vec<Route>,
    pub of_contact: Vec<Route>,
    pub attributes: Vec<String>,
    pub dated: Vec<usize>,
    pub purposes: Vec<String>,
    /// The salt, and the edge of the share.
    pub holdout: Option<(String, u128)>,
    /// Length of a round, and how many fire.
    pub arbitration: Option<(i64, usize)>,
    pub retention_us: i64,
    /// When audiences are ready.
    pub readied: Vec<(i64, usize)>,
    pub limits: Limits,
}

pub type FxHashMapOf<T> = FxHashMap<String, T>;
