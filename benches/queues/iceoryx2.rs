//! iceoryx2 as a worker: what `queue_worker.c` does, by publishing and subscribing.
//!
//! A subscriber of iceoryx2 does not wait. As `iceoryx2` the worker polls; as `iceoryx2-events` it
//! notifies the receiver of each message by an event, and a receiver without one sleeps.

use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::{Pid, alarm};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What a queue of the kernel's holds, and so what one holds here.
const QUEUE_BYTES: usize = 16384;

const BYTES: usize = 64;

/// Seconds after which the worker ends whatever happens.
const SECONDS: u32 = 60;

/// Polls so often, for a microsecond or so, before it lets others have the processor: the one that it
/// waits for may need it.
const POLLS: u32 = 10;

pub fn is_asked(arguments: &[String]) -> bool {
    arguments.first().is_some_and(|first| first.starts_with("iceoryx2"))
}

/// Does the work and prints its figure.
pub fn work(arguments: &[String]) {
    // The benchmark shows it as the reason why a figure is missing.
    std::panic::set_hook(Box::new(|panic| eprintln!("{}", panic.to_string().replace('\n', " "))));
    alarm::set(SECONDS);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let events = arguments[0] == "iceoryx2-events";
    match arguments[1..] {
        ["pairs", "4096", _, milliseconds] => pairs::<4096>(events, milliseconds),
        ["pairs", _, _, milliseconds] => pairs::<BYTES>(events, milliseconds),
        ["trips", place, milliseconds] => with_another(events, place, milliseconds, trips),
        ["stream", place, milliseconds] => with_another(events, place, milliseconds, stream),
        ["calls", count] => calls(events, count.parse().expect("a number of pairs")),
        ["answer", place, parent] => answer(events, place, parent),
        _ => panic!("{arguments:?}: an unknown work"),
    }
}

/// One direction.
struct Line<const BYTES: usize> {
    messages: iceoryx2::service::port_factory::publish_subscribe::PortFactory<
        ipc::Service,
        [u8; BYTES],
        (),
    >,
    events: Option<iceoryx2::service::port_factory::event::PortFactory<ipc::Service>>,
}

struct Sender<const BYTES: usize> {
    publisher: Publisher<ipc::Service, [u8; BYTES], ()>,
    notifier: Option<Notifier<ipc::Service>>,
}

struct Receiver<const BYTES: usize> {
    subscriber: Subscriber<ipc::Service, [u8; BYTES], ()>,
    listener: Option<Listener<ipc::Service>>,
}

impl<const BYTES: usize> Line<BYTES> {
    /// Opens the line of this name and process; both ends do.
    fn open(node: &Node<ipc::Service>, name: &str, process: &str, events: bool) -> Line<BYTES> {
        let name = format!("msgq/queues/{process}/{name}");
        let name = ServiceName::new(&name).expect("a name");
        let messages = node
            .service_builder(&name)
            .publish_subscribe::<[u8; BYTES]>()
            .subscriber_max_buffer_size(QUEUE_BYTES / BYTES)
            .enable_safe_overflow(false)
            .open_or_create()
            .expect("a service of messages");
        let events = events.then(|| {
            node.service_builder(&name).event().open_or_create().expect("a service of events")
        });
        Line { messages, events }
    }

    fn sender(&self) -> Sender<BYTES> {
        let publisher = self
            .messages
            .publisher_builder()
            .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
            .create()
            .expect("a publisher");
        let notifier = self.events.as_ref();
        let notifier =
            notifier.map(|events| events.notifier_builder().create().expect("a notifier"));
        Sender { publisher, notifier }
    }

    fn receiver(&self) -> Receiver<BYTES> {
        let subscriber = self.messages.subscriber_builder().create().expect("a subscriber");
        let listener = self.events.as_ref();
        let listener =
            listener.map(|events| events.listener_builder().create().expect("a listener"));
        Receiver { subscriber, listener }
    }
}

impl<const BYTES: usize> Sender<BYTES> {
    fn send(&self, text: &[u8; BYTES]) {
        let sample = self.publisher.loan_uninit().expect("room for a message");
        sample.write_payload(*text).send().expect("sent");
        if let Some(notifier) = &self.notifier {
            notifier.notify().expect("notified");
        }
    }
}

impl<const BYTES: usize> Receiver<BYTES> {
    fn receive(&self, text: &mut [u8; BYTES]) {
        let mut polls = 0;
        loop {
            if let Some(sample) = self.subscriber.receive().expect("received") {
                *text = *sample.payload();
                return;
            }
            match &self.listener {
                Some(listener) => listener.blocking_wait_all(|_| ()).expect("waited"),
                None if polls < POLLS => std::hint::spin_loop(),
                None => std::thread::yield_now(),
            }
            polls += 1;
        }
    }
}

fn node() -> Node<ipc::Service> {
    set_log_level(LogLevel::Error);
    NodeBuilder::new().create::<ipc::Service>().expect("a node")
}

/// Prints the time of one step, over at least so many milliseconds.
fn print_time(milliseconds: &str, work: impl Fn(u64)) {
    let enough = milliseconds.parse::<u128>().expect("milliseconds") * 1_000_000;
    work(1);
    for count in (0..).map(|power| 1 << power) {
        let start = Instant::now();
        work(count);
        let took = start.elapsed().as_nanos();
        if took >= enough {
            return println!("{:.3}", took as f64 / count as f64);
        }
    }
}

/// Sends and receives by a line of this process alone.
fn alone<const BYTES: usize>(events: bool, work: impl FnOnce(&dyn Fn(u64))) {
    let node = node();
    let line = Line::<BYTES>::open(&node, "own", &std::process::id().to_string(), events);
    let (receiver, sender) = (line.receiver(), line.sender());
    work(&|count| {
        let mut text = [0; BYTES];
        for _ in 0..count {
            sender.send(&text);
            receiver.receive(&mut text);
        }
    });
}

fn pairs<const BYTES: usize>(events: bool, milliseconds: &str) {
    alone::<BYTES>(events, |pairs| print_time(milliseconds, pairs));
}

fn calls(events: bool, count: u64) {
    alone::<BYTES>(events, |pairs| {
        pairs(count);
        let _ = std::os::unix::process::parent_id();
        pairs(count);
        let _ = std::os::unix::process::parent_id();
    });
}

/// Tells the other process how many messages come, sends them, and waits for one in return.
fn stream(there: &Sender<BYTES>, back: &Receiver<BYTES>, count: u64) {
    let mut text = header(count);
    for _ in 0..count {
        there.send(&text);
    }
    back.receive(&mut text);
}

fn trips(there: &Sender<BYTES>, back: &Receiver<BYTES>, count: u64) {
    for _ in 0..count {
        stream(there, back, 1);
    }
}

fn with_another(
    events: bool,
    place: &str,
    milliseconds: &str,
    work: fn(&Sender<BYTES>, &Receiver<BYTES>, u64),
) {
    let (node, own) = (node(), std::process::id().to_string());
    let there = Line::<BYTES>::open(&node, "there", &own, events);
    let back = Line::<BYTES>::open(&node, "back", &own, events);
    let (sender, receiver) = (there.sender(), back.receiver());
    let kind = if events { "iceoryx2-events" } else { "iceoryx2" };
    let mut other = Command::new(std::env::current_exe().expect("this program"))
        .args([kind, "answer", place, &own])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the other process");
    let output = other.stdout.take().expect("its output");
    BufReader::new(output).read_line(&mut String::new()).expect("its word that it is ready");
    pin(place, 0);
    print_time(milliseconds, |count| work(&sender, &receiver, count));
    sender.send(&header(0));
    other.wait().expect("the other process");
}

/// The other process. A count of 0 ends it.
fn answer(events: bool, place: &str, parent: &str) {
    let node = node();
    let there = Line::<BYTES>::open(&node, "there", parent, events);
    let back = Line::<BYTES>::open(&node, "back", parent, events);
    let (sender, receiver) = (back.sender(), there.receiver());
    pin(place, 1);
    println!("ready");
    let mut text = [0; BYTES];
    loop {
        receiver.receive(&mut text);
        let count = text.first_chunk().map_or(0, |count| u64::from_le_bytes(*count));
        if count == 0 {
            return;
        }
        for _ in 1..count {
            receiver.receive(&mut text);
        }
        sender.send(&text);
    }
}

fn header(count: u64) -> [u8; BYTES] {
    let mut text = [0; BYTES];
    text[..8].copy_from_slice(&count.to_le_bytes());
    text
}

/// Pins the process, the first or the second, as `place` has it.
fn pin(place: &str, number: usize) {
    let own = Pid::from_raw(0);
    let all = sched_getaffinity(own).expect("the processors");
    let skip = match place {
        "free" => return,
        "apart" => number,
        _ => 0,
    };
    let mut allowed =
        (0..CpuSet::count()).filter(|processor| all.is_set(*processor).unwrap_or(false));
    let processor = allowed.nth(skip).expect("two processors are needed, and here is one");
    let mut one = CpuSet::new();
    one.set(processor).expect("a processor");
    sched_setaffinity(own, &one).expect("pinned");
}
