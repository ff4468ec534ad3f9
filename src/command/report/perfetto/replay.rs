//! What a trace shows, found out as Perfetto does it: for the tests, those of the whole command included.
#![allow(dead_code)] // Each of them uses a part.

use super::messages::{
    DebugAnnotation, EventType, Interned, Trace, TracePacket, TrackDescriptor, TrackEvent, Value,
};
use std::collections::HashMap;

/// A slice: a call, or something that begins and ends at once.
#[derive(Debug, Default)]
pub struct Slice {
    pub name: String,
    pub category: String,
    /// The process's id and name.
    pub process: (i32, String),
    pub thread: i64,
    /// The name of the track, where it is no thread's.
    pub track: String,
    pub begin: u64,
    /// Nothing where it goes on.
    pub end: Option<u64>,
    /// The slice that it is in.
    pub parent: Option<usize>,
    pub arguments: HashMap<String, String>,
    /// The flows that begin in it, and that end in it.
    pub flows: (Vec<u64>, Vec<u64>),
}

/// All that a trace shows.
#[derive(Debug, Default)]
pub struct Shown {
    /// In the order of time.
    pub slices: Vec<Slice>,
    /// The values of each counter: its track's name, and when it was what.
    pub counters: HashMap<String, Vec<(u64, i64)>>,
    /// The names of the tracks that a counter's track is under.
    pub parents: HashMap<String, String>,
}

impl Shown {
    /// What this trace shows.
    pub fn by(trace: &Trace) -> Shown {
        let names = Names::of(&trace.packet[0]);
        let described = trace.packet.iter().filter_map(|packet| packet.track_descriptor.clone());
        let tracks: HashMap<u64, TrackDescriptor> =
            described.map(|track| (track.uuid.unwrap(), track)).collect();
        let events = trace
            .packet
            .iter()
            .filter_map(|packet| Some((packet.timestamp?, packet.track_event.as_ref()?)));
        let mut events: Vec<(u64, &TrackEvent)> = events.collect();
        events.sort_by_key(|(at, _)| *at);
        let mut shown = Shown::default();
        let mut open: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, event) in events {
            let uuid = event.track_uuid.unwrap();
            let track = &tracks[&uuid];
            let stack = open.entry(uuid).or_default();
            match event.r#type() {
                EventType::SliceEnd => {
                    let top = stack.pop().expect("a slice that ends has begun");
                    shown.slices[top].end = Some(at);
                }
                EventType::Counter => {
                    let name = track.name.clone().unwrap();
                    let parent = track.parent_uuid.and_then(|parent| tracks[&parent].name.clone());
                    shown.parents.insert(name.clone(), parent.unwrap_or_default());
                    shown
                        .counters
                        .entry(name)
                        .or_default()
                        .push((at, event.counter_value.unwrap()));
                }
                kind => {
                    let slice = Slice {
                        name: names.event(event),
                        category: names.category(event),
                        begin: at,
                        end: (kind == EventType::Instant).then_some(at),
                        parent: stack.last().copied(),
                        arguments: names.arguments(event),
                        flows: (event.flow_ids.clone(), event.terminating_flow_ids.clone()),
                        ..Shown::place(track, &tracks)
                    };
                    shown.slices.push(slice);
                    if kind == EventType::SliceBegin {
                        stack.push(shown.slices.len() - 1);
                    }
                }
            }
        }
        shown
    }

    /// A slice of a track, of which nothing else is known.
    fn place(track: &TrackDescriptor, tracks: &HashMap<u64, TrackDescriptor>) -> Slice {
        let parent = track.parent_uuid.and_then(|parent| tracks.get(&parent));
        let process = parent.and_then(|parent| parent.process.clone()).unwrap_or_default();
        Slice {
            process: (process.pid(), process.process_name().to_string()),
            thread: track.thread.as_ref().map_or(0, |thread| thread.tid()),
            track: track.name().to_string(),
            ..Slice::default()
        }
    }

    /// The calls of this name.
    pub fn calls(&self, name: &str) -> Vec<&Slice> {
        self.slices.iter().filter(|slice| slice.name == name).collect()
    }

    /// The slices that messages went from, with those that they came to.
    pub fn flows(&self) -> Vec<(&Slice, &Slice)> {
        let ends = self.slices.iter().filter_map(|end| Some((end, *end.flows.1.first()?)));
        ends.map(|(end, flow)| {
            let begin = self.slices.iter().find(|slice| slice.flows.0.contains(&flow));
            (begin.expect("a flow that ends has begun"), &self.slices[end.parent.unwrap()])
        })
        .collect()
    }
}

/// The names that events have by number.
struct Names {
    categories: HashMap<u64, String>,
    events: HashMap<u64, String>,
    arguments: HashMap<u64, String>,
}

impl Names {
    fn of(first: &TracePacket) -> Names {
        let names = |interned: &[Interned]| {
            interned.iter().map(|one| (one.iid(), one.name().to_string())).collect()
        };
        let data = first.interned_data.as_ref().expect("names in the first packet");
        Names {
            categories: names(&data.event_categories),
            events: names(&data.event_names),
            arguments: names(&data.debug_annotation_names),
        }
    }

    fn event(&self, event: &TrackEvent) -> String {
        self.events[&event.name_iid.expect("a name")].clone()
    }

    fn category(&self, event: &TrackEvent) -> String {
        let first = event.category_iids.first();
        first.map(|iid| self.categories[iid].clone()).unwrap_or_default()
    }

    fn arguments(&self, event: &TrackEvent) -> HashMap<String, String> {
        let named = |argument: &DebugAnnotation| {
            let value = match argument.value.as_ref().expect("a value") {
                Value::Bool(value) => value.to_string(),
                Value::Uint(value) => value.to_string(),
                Value::Int(value) => value.to_string(),
                Value::String(value) => value.clone(),
            };
            (self.arguments[&argument.name_iid()].clone(), value)
        };
        event.debug_annotations.iter().map(named).collect()
    }
}
