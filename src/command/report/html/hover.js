'use strict';

// What is pointed at, and the call that is kept: which call it is, what it said, and what became of
// its message.

/** The lane and the row at a height in the lanes. */
function rowAt(y) {
    const at = y + byId('lanes').scrollTop;
    const lane = lanes.find(({ top, height }) => at >= top && at < top + height);
    if (lane === undefined) return null;
    const first = rowMiddle({ lane, row: 0 }) - ROW / 2;
    const row = Math.min(Math.max(Math.floor((at - first) / ROW), 0), lane.rows.length - 1);
    return { lane, row };
}

/** The calls at a point: the wide one that is there, or all within two pixels. */
function callsAt(x, y) {
    const place = rowAt(y);
    if (place === null) return [];
    const { calls } = recording;
    const found = [];
    const reach = 2 * (view.until - view.from) / view.width;
    const time = view.time(x);
    for (const thread of place.lane.rows[place.row]) {
        visit(thread, time - reach, time + reach, call => found.push(call));
    }
    const isWide = call => span(call)[1] >= WIDE && calls.begin[call] <= time && calls.end[call] >= time;
    const wide = found.filter(isWide);
    // The last is the innermost: a handler's call in the one that the signal interrupted.
    return wide.length > 0 ? wide.slice(-1) : found;
}

/** What there is to say of a call: its own words come when they are read. */
function callLines(call) {
    const { calls, links, threads, waits } = recording;
    const { process: number, id } = threads[calls.thread[call]];
    const process = summary.report.processes[number];
    const words = element('code', '', '...');
    wordsOf(call, recording.pieceCalls).then(text => { words.textContent = text; });
    const thread = id === process.pid ? '' : `, thread ${id}`;
    const took = duration(calls.end[call] - calls.begin[call]);
    const isOpen = calls.outcome[call] === OUTCOME.open;
    const lines = [words, `by ${who(process)}${thread} at ${moment(calls.begin[call], 9)}; ${isOpen ? `has not returned after ${took}` : `took ${took}`}`];
    const wait = waits.get(call);
    if (wait) lines.push(`Why it waited: ${wait.why}; ${wait.ended}.`);
    const link = calls.link[call];
    if (link >= 0) lines.push(linkWords(call, link, links));
    else if (calls.kind[call] === KIND.send && calls.outcome[call] === OUTCOME.succeeded) {
        lines.push(summary.shown.is_partial ? 'No msgrcv in this page took its message.' : 'No msgrcv in the recording took its message.');
    }
    return lines.map(line => element('p', '', line));
}

function linkWords(call, link, links) {
    const { calls, threads } = recording;
    const [send, receive] = [links.send[link], links.receive[link]];
    const other = call === send ? receive : send;
    const process = summary.report.processes[threads[calls.thread[other]].process];
    const lay = duration(Math.max(calls.end[receive] - calls.end[send], 0));
    const certain = links.isCertain[link] ? '' : ' (not certain: it may have been another message)';
    return call === send
        ? `Received by ${who(process)} at ${moment(calls.end[receive], 9)}: the message lay in the queue for ${lay}${certain}.`
        : `Sent by ${who(process)} at ${moment(calls.end[send], 9)}: the message lay in the queue for ${lay}${certain}.`;
}

function showTip(event, content) {
    const tip = byId('tip');
    tip.replaceChildren(...content);
    tip.hidden = content.length === 0;
    if (tip.hidden) return;
    const { width, height } = tip.getBoundingClientRect();
    const left = Math.min(event.clientX + 14, window.innerWidth - width - 8);
    const below = event.clientY + 18;
    const top = below + height > window.innerHeight ? event.clientY - height - 12 : below;
    tip.style.left = `${Math.max(left, 4)}px`;
    tip.style.top = `${Math.max(top, 4)}px`;
}

function hideTip() {
    byId('tip').hidden = true;
    byId('crosshair').hidden = true;
    if (view.pointed >= 0) {
        view.pointed = -1;
        drawMarks();
    }
}

function pointAtLanes(event) {
    const found = callsAt(event.offsetX, event.offsetY);
    const pointed = found.length === 1 ? found[0] : -1;
    if (pointed !== view.pointed) {
        view.pointed = pointed;
        drawMarks();
    }
    showCrosshair(event);
    if (found.length > 1) {
        const failed = found.filter(call => recording.calls.outcome[call] === OUTCOME.failed).length;
        const words = `${count(found.length, 'call')} here${failed > 0 ? `, of which ${grouped(failed)} failed` : ''}. Zoom in to see each.`;
        showTip(event, [element('p', '', words)]);
        return;
    }
    showTip(event, pointed < 0 ? [] : callLines(pointed));
}

function pointAtDepth(event) {
    showCrosshair(event);
    const row = queueRows[Math.floor((event.offsetY + byId('depth').scrollTop) / QUEUE_ROW)];
    const time = view.time(event.offsetX);
    const held = row && heldAt(row, time);
    if (!held) {
        showTip(event, []);
        return;
    }
    const { queue, waits } = row;
    const most = limitAt(queue, time);
    const limit = most === null ? '' : ` of ${grouped(most)}`;
    const lines = [`queue ${queue.queue} at ${moment(time)}: ${count(held.messages, 'message')}, ${grouped(held.bytes)}${limit} bytes`];
    const waiting = waits.filter(wait => nanoseconds(wait.time) <= time && nanoseconds(wait.time + wait.duration) >= time);
    waiting.slice(0, 5).forEach(wait => lines.push(`${wait.what}: ${wait.why}`));
    showTip(event, lines.map(line => element('p', '', line)));
}

/** A line through everything, at the time that is pointed at. */
function showCrosshair(event) {
    const line = byId('crosshair');
    const time = byId('time').getBoundingClientRect();
    const [axis, depth] = [byId('axis'), byId('depth').hidden ? byId('lanes') : byId('depth')].map(place => place.getBoundingClientRect());
    line.hidden = false;
    line.style.left = `${event.clientX - time.left}px`;
    line.style.top = `${axis.top - time.top}px`;
    line.style.height = `${depth.bottom - axis.top}px`;
}

/** Marks the call that is kept, and the one that is pointed at, with their messages. */
function drawMarks() {
    const place = byId('lanes');
    const height = Math.min(lanesHeight(), place.clientHeight);
    const context = blank(place.querySelector('canvas.marks'), height);
    context.strokeStyle = context.fillStyle = colours.ink;
    for (const call of new Set([view.kept, view.pointed])) {
        const row = call < 0 ? undefined : rowOfThread[recording.calls.thread[call]];
        if (row === undefined) continue;
        const [left, width] = span(call);
        const top = rowMiddle(row) - place.scrollTop - BAR / 2;
        context.setLineDash([]);
        context.lineWidth = 2;
        context.strokeRect(left - 1.5, top - 2, width + 3, BAR + 4);
        const link = recording.calls.link[call];
        if (link < 0 || arrows.pair[link] < 0) continue;
        for (const [colour, width] of [[colours.ground, 6], [colours.ink, 2.5]]) {
            context.strokeStyle = context.fillStyle = colour;
            drawArrow(context, link, place.scrollTop, width);
        }
    }
    place.dataset.pointed = view.pointed;
}

let detailed = -2;

/** Tells of the call that is kept. */
function showDetail() {
    if (detailed === view.kept) return;
    detailed = view.kept;
    byId('detail').replaceChildren(...detailed >= 0 ? callLines(detailed) : []);
    byId('detail').dataset.call = detailed;
}
