//! What all queues share: limits, room, times.

use crate::support::*;

cases! {
    "shared-1" the_limits_have_their_defaults [Alone];
    "shared-1" the_limits_have_their_ranges [Kernel, Alone];
    "shared-7" no_more_bytes_than_qbytes_fit;
    "shared-7" no_more_messages_than_qbytes_fit;
    "shared-7" bytes_and_messages_are_limited_apart;
    "shared-8" times_are_whole_seconds_of_the_realtime_clock;
}

fn the_limits_have_their_defaults(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let (_, info) = queue.info(IPC_INFO).worked("IPC_INFO")?;
    same("msgmax, msgmnb and msgmni", (info.msgmax, info.msgmnb, info.msgmni), (8192, 16384, 32000))
}

fn the_limits_have_their_ranges(_: On) -> Verdict {
    let most = i64::from(i32::MAX);
    for (name, highest) in [("msgmax", most), ("msgmnb", most), ("msgmni", 32768)] {
        for value in [0, 1, highest] {
            set_sysctl(name, value)?;
            same(name, sysctl(name)?, value)?;
        }
        for value in [-1, highest + 1] {
            holds(&format!("{name} = {value} is refused"), set_sysctl(name, value).is_err())?;
        }
        same(&format!("{name} after refusals"), sysctl(name)?, highest)?;
    }
    Ok(())
}

fn no_more_bytes_than_qbytes_fit(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(10)?;
    gives("6 of 10 bytes", queue.send(1, b"abcdef"), ())?;
    fails("5 more", queue.send(1, b"ghijk"), EAGAIN)?;
    gives("4 more", queue.send(1, b"ghij"), ())?;
    fails("1 more", queue.send(1, b"k"), EAGAIN)?;
    same("bytes and messages", queue.filled()?, (10, 2))
}

fn no_more_messages_than_qbytes_fit(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(3)?;
    for number in 1..=3 {
        gives(&format!("empty message {number} of 3"), queue.send(1, b""), ())?;
    }
    fails("a fourth empty message", queue.send(1, b""), EAGAIN)?;
    same("bytes and messages", queue.filled()?, (0, 3))
}

fn bytes_and_messages_are_limited_apart(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(3)?;
    gives("3 of 3 bytes", queue.send(1, b"abc"), ())?;
    gives("an empty message", queue.send(1, b""), ())?;
    gives("another", queue.send(1, b""), ())?;
    fails("a third", queue.send(1, b""), EAGAIN)?;
    queue.limit(0)?;
    let _ = (queue.take(9, 0), queue.take(9, 0), queue.take(9, 0));
    fails("an empty message where qbytes is 0", queue.send(1, b""), EAGAIN)
}

fn times_are_whole_seconds_of_the_realtime_clock(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let start = now();
    queue.send(1, b"x").worked("msgsnd")?;
    queue.take(8, 0).worked("msgrcv")?;
    queue.limit(100)?;
    let data = queue.stat().worked("IPC_STAT")?;
    // The kernel reads a clock that may be a tick late.
    for (what, time) in
        [("stime", data.msg_stime), ("rtime", data.msg_rtime), ("ctime", data.msg_ctime)]
    {
        holds(&format!("{what} {time} is from {start} on"), (start - 1..=now()).contains(&time))?;
    }
    Ok(())
}
