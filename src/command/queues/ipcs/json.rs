//! The same as JSON. `docs/tools.md` documents the members.

use super::columns::{ALL, Row};
use msgq::engine::limits;
use msgq::engine::list;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// What is written: of which engine, and what.
#[derive(Serialize)]
struct Told<'a> {
    engine: &'a str,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum What<'a> {
    Queues(&'a [Row]),
    Limits(Limits),
    Usage(Usage),
}

#[derive(Serialize)]
struct Limits {
    msgmax: Option<u64>,
    msgmnb: Option<u64>,
    msgmni: Option<u64>,
}

#[derive(Serialize)]
struct Usage {
    queues: i32,
    messages: i32,
    bytes: i32,
}

/// Queues: of each, all columns.
pub fn queues(engine: &str, rows: &[Row]) -> String {
    line(engine, What::Queues(rows))
}

/// Limits.
pub fn limits(engine: &str, limits: &limits::Limits) -> String {
    let limits::Limits { msgmax, msgmnb, msgmni } = *limits;
    line(engine, What::Limits(Limits { msgmax, msgmnb, msgmni }))
}

/// How much there is in all queues.
pub fn usage(engine: &str, usage: &list::Usage) -> String {
    let list::Usage { queues, messages, bytes, .. } = *usage;
    line(engine, What::Usage(Usage { queues, messages, bytes }))
}

fn line(engine: &str, what: What) -> String {
    // What has names and numbers alone can always be written.
    let told = serde_json::to_string_pretty(&Told { engine, what }).unwrap_or_default();
    format!("{told}\n")
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(ALL.len()))?;
        for column in ALL {
            object.serialize_entry(column.name, &(column.json)(self))?;
        }
        object.end()
    }
}
