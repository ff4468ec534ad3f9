//! Packets, written as they come. Nothing is read back, and nothing is kept but a few of the last.

use super::messages::{
    BUILTIN_CLOCK_MONOTONIC, BUILTIN_CLOCK_REALTIME, Clock, ClockSnapshot, InternedData,
    SEQ_INCREMENTAL_STATE_CLEARED, SEQ_NEEDS_INCREMENTAL_STATE, Trace, TracePacket,
    TracePacketDefaults, TrackDescriptor, TrackEvent,
};
use super::names::{Argument, Category, Happening};
use prost::Message;
use std::io::{self, Write};

/// The number of our sequence of packets. Whoever puts a trace of ours and another's into one file needs
/// different ones; others begin at 1.
const SEQUENCE: u32 = 0x4d51;

/// The numbers of tracks come after this one, for the same reason.
const BEFORE_TRACKS: u64 = 0x4d51_0000;

/// How many packets are written at a time.
const BATCH: usize = 256;

/// Writes a trace.
pub struct Writer<W> {
    out: W,
    batch: Trace,
    bytes: Vec<u8>,
    /// Nanoseconds of CLOCK_MONOTONIC when the recording was made.
    made: u64,
    last_track: u64,
    written: io::Result<()>,
}

impl<W: Write> Writer<W> {
    /// A trace that goes to `out`.
    pub fn new(out: W) -> Writer<W> {
        let (batch, bytes) = (Trace::default(), Vec::new());
        Writer { out, batch, bytes, made: 0, last_track: BEFORE_TRACKS, written: Ok(()) }
    }

    /// The first packet: which clock the times are of, and what all names are.
    pub fn begin(&mut self, monotonic: u64, realtime: u64) {
        self.made = monotonic;
        let clock = |id, at| Clock { clock_id: Some(id), timestamp: Some(at) };
        let clocks = vec![
            clock(BUILTIN_CLOCK_MONOTONIC, monotonic),
            clock(BUILTIN_CLOCK_REALTIME, realtime),
        ];
        self.packet(TracePacket {
            sequence_flags: Some(SEQ_INCREMENTAL_STATE_CLEARED),
            clock_snapshot: Some(ClockSnapshot {
                clocks,
                primary_trace_clock: Some(BUILTIN_CLOCK_MONOTONIC),
            }),
            trace_packet_defaults: Some(TracePacketDefaults {
                timestamp_clock_id: Some(BUILTIN_CLOCK_MONOTONIC),
            }),
            interned_data: Some(InternedData {
                event_categories: Category::interned(),
                event_names: Happening::interned(),
                debug_annotation_names: Argument::interned(),
            }),
            ..TracePacket::default()
        });
    }

    /// A track, before its first event. Gives its number.
    pub fn track(&mut self, descriptor: TrackDescriptor) -> u64 {
        self.last_track += 1;
        let uuid = Some(self.last_track);
        let track_descriptor = Some(TrackDescriptor { uuid, ..descriptor });
        self.packet(TracePacket { track_descriptor, ..TracePacket::default() });
        self.last_track
    }

    /// An event, so many nanoseconds after the recording was made. Those of one moment stand in the order
    /// in which they happened, others in any.
    pub fn event(&mut self, at: u64, event: TrackEvent) {
        self.packet(TracePacket {
            timestamp: Some(self.made.saturating_add(at)),
            sequence_flags: Some(SEQ_NEEDS_INCREMENTAL_STATE),
            track_event: Some(event),
            ..TracePacket::default()
        });
    }

    /// Writes what is left. Gives back where it was written to, with the first error that there was.
    pub fn finish(mut self) -> Result<W, (W, io::Error)> {
        self.write();
        match self.written.and_then(|()| self.out.flush()) {
            Ok(()) => Ok(self.out),
            Err(error) => Err((self.out, error)),
        }
    }

    fn packet(&mut self, packet: TracePacket) {
        let trusted_packet_sequence_id = Some(SEQUENCE);
        self.batch.packet.push(TracePacket { trusted_packet_sequence_id, ..packet });
        if self.batch.packet.len() == BATCH {
            self.write();
        }
    }

    /// Writes the batch, unless something could not be written before.
    fn write(&mut self) {
        self.bytes.clear();
        let encoded = self.batch.encode(&mut self.bytes).map_err(io::Error::other);
        self.batch.packet.clear();
        if self.written.is_ok() {
            self.written = encoded.and_then(|()| self.out.write_all(&self.bytes));
        }
    }
}
