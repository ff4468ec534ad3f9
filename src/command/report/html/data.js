'use strict';

// The recording as the page carries it. `pieces.rs` writes what is read here, and describes it.

/** What the report says, and all calls; `main.js` fills them. */
let summary = null;
let recording = null;

const KIND = { get: 0, control: 1, send: 2, receive: 3 };
const OUTCOME = { succeeded: 0, failed: 1, open: 2 };
const ENTRY = { link: 16, certainLink: 17, depth: 18, thread: 19, queue: 20 };

/** The bytes of a block. */
async function unpack(block) {
    const text = atob(block.textContent);
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A column of a piece. */
class Column {
    constructor(bytes) {
        this.bytes = bytes;
        this.at = 0;
    }

    number() {
        let number = 0;
        let unit = 1;
        for (;;) {
            const byte = this.bytes[this.at++];
            if (byte < 128) return number + byte * unit;
            number += (byte - 128) * unit;
            unit *= 128;
        }
    }

    signed() {
        const number = this.number();
        return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
    }

    /** A signed number that may be larger than those that are told exactly. */
    exact() {
        const first = this.at;
        const rough = this.number();
        if (rough <= Number.MAX_SAFE_INTEGER) return BigInt(rough % 2 === 0 ? rough / 2 : -(rough + 1) / 2);
        const number = this.bytes.subarray(first, this.at).reduceRight((sum, byte) => sum << 7n | BigInt(byte & 0x7f), 0n);
        return number >> 1n ^ -(number & 1n);
    }
}

function columns(piece) {
    const view = new DataView(piece.buffer);
    const columns = [];
    for (let at = 0; at < piece.length;) {
        const length = view.getUint32(at, true);
        columns.push(new Column(piece.subarray(at + 4, at + 4 + length)));
        at += 4 + length;
    }
    return columns;
}

/** The recording, empty. A call is named by its place in `calls`; threads and queues alike. */
function emptyRecording(shown) {
    const numbers = (Array, length) => new Array(length);
    return {
        calls: {
            count: 0,
            kind: numbers(Uint8Array, shown.calls),
            outcome: numbers(Uint8Array, shown.calls),
            thread: numbers(Uint32Array, shown.calls),
            queue: numbers(Int32Array, shown.calls),
            mtype: numbers(BigInt64Array, shown.calls),
            begin: numbers(Float64Array, shown.calls),
            end: numbers(Float64Array, shown.calls),
            link: numbers(Int32Array, shown.calls).fill(-1),
        },
        links: {
            count: 0,
            isCertain: numbers(Uint8Array, shown.links),
            send: numbers(Int32Array, shown.links),
            receive: numbers(Int32Array, shown.links),
            // Until all calls are read: their threads and begins.
            threads: [numbers(Uint32Array, shown.links), numbers(Uint32Array, shown.links)],
            begins: [numbers(Float64Array, shown.links), numbers(Float64Array, shown.links)],
        },
        depths: {
            count: 0,
            queue: numbers(Uint32Array, shown.depths),
            time: numbers(Float64Array, shown.depths),
            messages: numbers(Float64Array, shown.depths),
            bytes: numbers(Float64Array, shown.depths),
        },
        threads: [],
        queues: [],
        pieceCalls: shown.piece_calls,
    };
}

/** Reads pieces into a recording. */
class Reader {
    constructor(recording) {
        this.recording = recording;
        this.moment = 0;
        // By their numbers in the pieces.
        this.threads = [];
        this.queues = [];
        this.held = [];
        this.known = new Map();
    }

    read(piece) {
        const [entries, ...rest] = columns(piece);
        [this.numbers, this.types, this.times, this.lengths, this.amounts] = rest;
        for (const entry of entries.bytes) {
            if (entry < ENTRY.link) this.call(entry);
            else if (entry === ENTRY.depth) this.depth();
            else if (entry === ENTRY.thread) this.thread();
            else if (entry === ENTRY.queue) this.queue();
            else this.link(entry === ENTRY.certainLink);
        }
    }

    call(entry) {
        const { calls } = this.recording;
        const call = calls.count++;
        calls.kind[call] = entry & 3;
        calls.outcome[call] = entry >> 2;
        calls.thread[call] = this.threads[this.numbers.number()];
        const queue = this.numbers.number();
        calls.queue[call] = queue === 0 ? -1 : this.queues[queue - 1];
        calls.mtype[call] = this.types.exact();
        this.moment += this.times.signed();
        calls.end[call] = this.moment;
        calls.begin[call] = this.moment - this.lengths.number();
    }

    link(isCertain) {
        const { links } = this.recording;
        const link = links.count++;
        links.isCertain[link] = isCertain ? 1 : 0;
        links.threads[1][link] = this.threads[this.numbers.number()];
        links.threads[0][link] = this.threads[this.numbers.number()];
        links.begins[1][link] = this.moment - this.times.signed();
        links.begins[0][link] = links.begins[1][link] - this.lengths.signed();
    }

    depth() {
        const { depths } = this.recording;
        const depth = depths.count++;
        const number = this.numbers.number();
        const held = this.held[number];
        this.moment += this.times.signed();
        held.messages += this.amounts.signed();
        held.bytes += this.amounts.signed();
        depths.queue[depth] = this.queues[number];
        depths.time[depth] = this.moment;
        depths.messages[depth] = held.messages;
        depths.bytes[depth] = held.bytes;
    }

    thread() {
        const number = this.numbers.number();
        const process = this.numbers.number();
        const id = this.numbers.number();
        this.threads[number] = this.place(this.recording.threads, `thread ${process} ${id}`, { process, id });
    }

    queue() {
        const number = this.numbers.number();
        const id = this.amounts.signed();
        this.queues[number] = this.place(this.recording.queues, `queue ${id}`, { id });
        this.held[number] = { messages: 0, bytes: 0 };
    }

    /** The place of something in a list, in which it may stand already. */
    place(list, name, thing) {
        if (!this.known.has(name)) this.known.set(name, list.push(thing) - 1);
        return this.known.get(name);
    }
}

/** The places of all keys, those of key 0 first: each group has `places`, a part of one array. */
function group(keys, groups) {
    const first = new Uint32Array(groups.length + 1);
    for (const key of keys) first[key + 1]++;
    for (let at = 1; at < first.length; at++) first[at] += first[at - 1];
    const places = new Uint32Array(keys.length);
    const next = first.slice();
    for (let place = 0; place < keys.length; place++) places[next[keys[place]]++] = place;
    groups.forEach((one, key) => { one.places = places.subarray(first[key], first[key + 1]); });
}

/** Sorts the calls of each thread by their begins. (They were written as they ended: one that a signal
 * interrupted after those of the handler.) */
function orderThreads({ calls, threads }) {
    for (const { places } of threads) {
        const isAfter = (call, at) => at > 0 && calls.begin[call] < calls.begin[places[at - 1]];
        if (places.some(isAfter)) places.sort((one, other) => calls.begin[one] - calls.begin[other] || calls.end[other] - calls.end[one]);
    }
}

/** In `lasts` each thread has when a call and all before it were over: where to begin to look for those of a time. */
function measureThreads({ calls, threads }) {
    for (const thread of threads) {
        let last = 0;
        thread.lasts = Float64Array.from(thread.places, call => last = Math.max(last, calls.end[call]));
    }
}

/** The call of a thread that began at this moment, or -1. */
function callThatBegan({ calls, threads }, thread, begin) {
    const { places } = threads[thread];
    const place = firstNotBelow(0, places.length, begin, at => calls.begin[places[at]]);
    return place < places.length && calls.begin[places[place]] === begin ? places[place] : -1;
}

/** A call that waits still lasts until the recording ends. */
function endOpenCalls({ calls }, report) {
    const end = nanoseconds(report.recording.end);
    for (let call = 0; call < calls.count; call++) {
        const waits = calls.outcome[call] === OUTCOME.open && calls.end[call] === calls.begin[call];
        if (waits) calls.end[call] = Math.max(calls.begin[call], end);
    }
}

function join(recording) {
    const { calls, links } = recording;
    for (let link = 0; link < links.count; link++) {
        const ends = [0, 1].map(side => callThatBegan(recording, links.threads[side][link], links.begins[side][link]));
        [links.send[link], links.receive[link]] = ends;
        if (ends.includes(-1)) continue;
        ends.forEach(call => { calls.link[call] = link; });
    }
    delete links.threads;
    delete links.begins;
}

/** The waits that the report tells, by their calls. */
function waitsByCall(recording, report) {
    const threads = new Map();
    recording.threads.forEach(({ process, id }, thread) => {
        const name = `${report.processes[process].pid} ${id}`;
        threads.set(name, [...threads.get(name) ?? [], thread]);
    });
    const waits = new Map();
    for (const wait of report.waits) {
        for (const thread of threads.get(`${wait.by.pid} ${wait.tid}`) ?? []) {
            const call = callThatBegan(recording, thread, nanoseconds(wait.time));
            if (call >= 0) waits.set(call, wait);
        }
    }
    return waits;
}

async function readRecording({ shown, report }) {
    const recording = emptyRecording(shown);
    const reader = new Reader(recording);
    for (const block of document.querySelectorAll('script.piece')) {
        reader.read(await unpack(block));
        block.remove();
    }
    group(recording.calls.thread, recording.threads);
    group(recording.depths.queue, recording.queues);
    orderThreads(recording);
    endOpenCalls(recording, report);
    measureThreads(recording);
    join(recording);
    recording.waits = waitsByCall(recording, report);
    return recording;
}

const readWords = new Map();

/** What a call says of itself. Blocks of words are read when one of their calls is asked for. */
async function wordsOf(call, pieceCalls) {
    const piece = Math.floor(call / pieceCalls);
    if (!readWords.has(piece)) {
        if (readWords.size > 8) readWords.clear();
        const block = document.querySelectorAll('script.words')[piece];
        readWords.set(piece, unpack(block).then(bytes => new TextDecoder().decode(bytes).split('\n')));
    }
    return (await readWords.get(piece))[call % pieceCalls];
}
