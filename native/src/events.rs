//! Events of a contact, and what is done with all of them before they are decided: `kittiwake.batch.contacts`.

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

pub const UPDATED: &str = "contact.updated";
pub const ENDINGS: [&str; 2] = ["contact.deleted", "contact.merged"];

/// An event; its texts stand where they are kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event<'a> {
    pub time_us: i64,
    pub id: &'a str,
    pub event_type: &'a str,
    pub properties: &'a str,
}

/// What was found of events that are put in order.
pub struct Ordered {
    pub duplicates: usize,
    /// How many events lie before the end of the run, those that are left out not counted.
    pub decided: usize,
    /// How many do not, duplicates counted.
    pub unsettled: usize,
}

/// Put events in order, and leave out those that are equal to others; None: some share id and type, and are not equal.
pub fn put_in_order(events: &mut Vec<Event<'_>>, until_us: i64) -> Option<Ordered> {
    let number = events.len();
    events.sort_unstable();
    let unsettled = number - events.partition_point(|one| one.time_us < until_us);
    events.dedup();
    let decided = events.partition_point(|one| one.time_us < until_us);
    let named = |one: &Event<'_>| FxBuildHasher.hash_one(one.id);
    let mut names: Vec<_> = events.iter().map(|one| (named(one), one.id, one.event_type)).collect();
    names.sort_unstable();
    let are_distinct = names.windows(2).all(|two| two[0] != two[1]);
    are_distinct.then_some(Ordered { duplicates: number - events.len(), decided, unsettled })
}
