//! The tracks of a trace: one for each thread under its process, and for each queue two counters under one
//! that has its begin and its end. A track is described before its first event, so that there is none
//! for what does nothing.

use super::messages::{
    CounterDescriptor, ProcessDescriptor, ThreadDescriptor, TrackDescriptor, Unit,
};
use super::writer::Writer;
use crate::command::report::process::Process;
use crate::command::show::names;
use std::collections::HashMap;
use std::io::Write;

/// All tracks that were described, by their numbers, and the processes that may need one.
#[derive(Default)]
pub struct Tracks {
    processes: HashMap<usize, ProcessTracks>,
    queues: HashMap<i32, QueueTracks>,
    /// The track that all queues are under.
    all_queues: Option<u64>,
}

/// A process and its threads.
struct ProcessTracks {
    id: u32,
    name: String,
    process: Option<u64>,
    threads: HashMap<u32, u64>,
}

/// A queue.
#[derive(Clone, Copy)]
pub struct QueueTracks {
    /// Its begin and its end.
    pub life: u64,
    /// How many messages it holds.
    pub messages: u64,
    /// How many bytes these have.
    pub bytes: u64,
}

impl Tracks {
    /// A process was seen, or has another name. As Perfetto leaves a process the name that it had first,
    /// its next calls are then those of another one of the same id.
    pub fn process(&mut self, number: usize, process: &Process) {
        let Process { id, name, .. } = process;
        if self.processes.get(&number).is_none_or(|known| known.name != *name) {
            let (id, name, threads) = (*id, name.clone(), HashMap::new());
            self.processes.insert(number, ProcessTracks { id, name, process: None, threads });
        }
    }

    /// The id of a process.
    pub fn pid(&self, number: usize) -> Option<u32> {
        self.processes.get(&number).map(|process| process.id)
    }

    /// The track of a thread.
    pub fn thread(
        &mut self,
        writer: &mut Writer<impl Write>,
        number: usize,
        thread: u32,
    ) -> Option<u64> {
        let ProcessTracks { id, name, process, threads } = self.processes.get_mut(&number)?;
        if let Some(track) = threads.get(&thread) {
            return Some(*track);
        }
        let pid = Some(*id as i32);
        let name = Some(name.clone()).filter(|name| !name.is_empty());
        let parent = *process.get_or_insert_with(|| {
            let process = Some(ProcessDescriptor { pid, process_name: name.clone() });
            writer.track(TrackDescriptor { process, ..TrackDescriptor::default() })
        });
        let thread_name = name.filter(|_| thread == *id);
        let descriptor = ThreadDescriptor { pid, tid: Some(thread.into()), thread_name };
        let track = writer.track(TrackDescriptor {
            parent_uuid: Some(parent),
            thread: Some(descriptor),
            ..TrackDescriptor::default()
        });
        threads.insert(thread, track);
        Some(track)
    }

    /// The tracks of a queue, which has this key as far as that is known.
    pub fn queue(
        &mut self,
        writer: &mut Writer<impl Write>,
        id: i32,
        key: Option<i32>,
    ) -> QueueTracks {
        let all = &mut self.all_queues;
        *self.queues.entry(id).or_insert_with(|| {
            let mut track = |name: String, parent_uuid, counter| {
                let name = Some(name);
                let rest = TrackDescriptor::default();
                writer.track(TrackDescriptor { name, parent_uuid, counter, ..rest })
            };
            let all = *all.get_or_insert_with(|| track("message queues".to_string(), None, None));
            let key = key.map(|key| format!(", key {}", names::key(key))).unwrap_or_default();
            let life = track(format!("queue {id}{key}"), Some(all), None);
            let unit_name = Some("messages".to_string());
            let messages = CounterDescriptor { unit_name, ..CounterDescriptor::default() };
            let unit = Some(Unit::SizeBytes as i32);
            let bytes = CounterDescriptor { unit, ..CounterDescriptor::default() };
            QueueTracks {
                life,
                messages: track(format!("messages in queue {id}"), Some(life), Some(messages)),
                bytes: track(format!("bytes in queue {id}"), Some(life), Some(bytes)),
            }
        })
    }

    /// A queue is gone: its id may be another's from now on.
    pub fn forget_queue(&mut self, id: i32) {
        self.queues.remove(&id);
    }
}
