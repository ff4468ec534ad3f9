'use strict';

// What each queue held: bytes against msg_qbytes, and messages.

const QUEUE_ROW = 118;
const BYTES = { top: 8, height: 46 };
const WAITS = { send: 58, receive: 66, height: 6 };
const MESSAGES = { top: 76, height: 34 };

/** More queues than this are not drawn. */
const MOST_QUEUES = 500;

/** The queues that had messages, those with the most first. */
const queueRows = [];

function buildDepth() {
    const traffic = queue => queue.sent + queue.received;
    const { overview, report } = summary;
    const summed = new Map((overview?.queues ?? []).map(level => [level.queue, level]));
    const used = report.queues.filter(queue => traffic(queue) + queue.messages_left > 0);
    used.sort((one, other) => traffic(other) - traffic(one));
    for (const queue of used.slice(0, MOST_QUEUES)) {
        const place = recording.queues.findIndex(({ id }) => id === queue.queue);
        const waits = report.waits.filter(wait => wait.queue === queue.queue);
        queueRows.push({ queue, place, waits, level: summed.get(queue.queue) });
    }
    const labels = byId('depth').querySelector('.labels');
    labels.replaceChildren(...queueRows.map(({ queue }) => queueLabel(queue)));
    byId('depth').hidden = queueRows.length === 0;
    byId('depth').dataset.queues = queueRows.length;
}

function queueLabel(queue) {
    const key = queue.key === null ? '' : queue.key === 0 ? 'IPC_PRIVATE' : `key 0x${(queue.key >>> 0).toString(16)}`;
    const words = [
        [key, queue.mode && `mode ${queue.mode}`].filter(Boolean).join(', '),
        queue.by ? `made by ${who(queue.by)}` : 'there before',
        `at most ${count(queue.most_messages, 'message')},`,
        `${grouped(queue.most_bytes)}${queue.qbytes === null ? '' : ` of ${grouped(queue.qbytes)}`} bytes`,
        queue.removed ? `removed by ${queue.removed.by ? who(queue.removed.by) : 'somebody not recorded'}`
            : `still there, with ${count(queue.messages_left, 'message')}`,
    ];
    const label = element('div', 'row', element('b', '', `queue ${queue.queue}`), ...words.map(word => element('span', '', word)));
    label.style.height = `${QUEUE_ROW}px`;
    label.title = words.join('\n');
    return label;
}

function drawDepth() {
    const place = byId('depth');
    const height = Math.min(queueRows.length * QUEUE_ROW, place.clientHeight);
    const context = blank(place.querySelector('canvas'), height);
    let samples = 0;
    queueRows.forEach((row, number) => {
        const top = number * QUEUE_ROW - place.scrollTop;
        if (top + QUEUE_ROW < 0 || top > height) return;
        if (number % 2 === 1) {
            context.fillStyle = colours.band;
            context.fillRect(0, top, view.width, QUEUE_ROW);
        }
        drawUnshown(context, top, QUEUE_ROW);
        drawGrid(context, top, QUEUE_ROW);
        samples += drawQueue(context, row, top);
    });
    place.dataset.samples = samples;
}

function drawQueue(context, row, top) {
    const { queue, waits } = row;
    const limit = queue.qbytes ?? 0;
    const panels = [
        { panel: BYTES, of: 'bytes', most: Math.max(limit, queue.most_bytes, 1), colour: 'send' },
        { panel: MESSAGES, of: 'messages', most: Math.max(queue.most_messages, 1), colour: 'other' },
    ];
    let samples = 0;
    for (const { panel, of, most, colour } of panels) {
        const y = value => top + panel.top + panel.height * (1 - value / most);
        samples += drawCurve(context, row, of, y, colours[colour], colours[`${colour}-soft`]);
        if (of === 'messages' || limit === 0) drawNote(context, `${grouped(most)} ${of}`, view.width, y(most), colours.soft);
        if (of === 'bytes') drawLimits(context, queue, y);
    }
    waits.forEach(wait => drawWait(context, wait, top));
    return samples;
}

/** Writes what a height means, at the right. */
function drawNote(context, words, right, y, colour) {
    const { width } = context.measureText(words);
    context.fillStyle = colours.ground;
    context.globalAlpha = 0.75;
    context.fillRect(right - width - 8, y + 2, width + 4, 14);
    context.globalAlpha = 1;
    context.fillStyle = colour;
    context.fillText(words, right - width - 6, y + 9.5);
}

/** Somebody waited: for room, or for a message. */
function drawWait(context, wait, top) {
    const from = nanoseconds(wait.time);
    const [left, right] = [Math.max(view.x(from), -9), Math.min(view.x(from + nanoseconds(wait.duration)), view.width + 9)];
    if (right < 0 || left > view.width) return;
    const sort = wait.call === 'msgsnd' ? 'send' : 'receive';
    context.fillStyle = striped(context, sort);
    context.strokeStyle = colours[sort];
    context.fillRect(left, top + WAITS[sort], Math.max(right - left, 1), WAITS.height);
    context.strokeRect(left + 0.5, top + WAITS[sort] + 0.5, Math.max(right - left - 1, 1), WAITS.height - 1);
}

/** msg_qbytes at a moment, or null where that is not known. */
function limitAt({ qbytes, changes }, time) {
    if (changes.length === 0) return qbytes;
    return changes.findLast(change => nanoseconds(change.time) <= time)?.qbytes ?? null;
}

/** msg_qbytes over time. */
function drawLimits(context, queue, y) {
    const changes = queue.changes.map(change => [nanoseconds(change.time), change.qbytes]);
    const spans = changes.length === 0 ? [[nanoseconds(queue.since), queue.qbytes]] : changes;
    spans.forEach(([from, limit], place) => {
        if (limit === null) return;
        const end = queue.removed ? nanoseconds(queue.removed.time) : view.whole;
        const until = place + 1 < spans.length ? spans[place + 1][0] : end;
        const [left, right] = [Math.max(view.x(from), 0), Math.min(view.x(until), view.width)];
        if (right <= left) return;
        context.strokeStyle = colours.failed;
        context.setLineDash([6, 4]);
        context.beginPath();
        context.moveTo(left, y(limit) + 0.5);
        context.lineTo(right, y(limit) + 0.5);
        context.stroke();
        context.setLineDash([]);
        const words = `msg_qbytes ${grouped(limit)}`;
        if (right - left > context.measureText(words).width + 12) drawNote(context, words, right, y(limit), colours.failed);
    });
}

/** The places of a queue's samples in the time of its life. (An id may be used again.) */
function samplesOf({ queue, place }) {
    if (place < 0) return [];
    const { depths, queues } = recording;
    const { places } = queues[place];
    const since = nanoseconds(queue.since);
    const until = queue.removed ? nanoseconds(queue.removed.time) : Infinity;
    const at = time => firstNotBelow(0, places.length, time, one => depths.time[places[one]]);
    return places.subarray(at(since), until === Infinity ? places.length : at(until + 1));
}

/** Steps from sample to sample; of those in one column of pixels the least, the most and the last. */
function drawCurve(context, row, of, y, stroke, fill) {
    const points = [];
    const { depths } = recording;
    const places = row.places ??= samplesOf(row);
    const first = firstNotBelow(0, places.length, view.from, at => depths.time[places[at]]);
    let samples = 0;
    const add = (x, value) => {
        const last = points[points.length - 1];
        if (last !== undefined && Math.floor(last.x) === Math.floor(x)) {
            last.least = Math.min(last.least, value);
            last.most = Math.max(last.most, value);
            last.value = value;
        } else {
            points.push({ x, value, least: value, most: value });
        }
    };
    if (row.queue.origin === 'made' && !row.level) add(Math.max(view.x(nanoseconds(row.queue.since)), -1), 0);
    overviewPoints(row, of, true).forEach(([time, value]) => add(view.x(time), value));
    for (let at = Math.max(first - 1, 0); at < places.length; at++) {
        const sample = places[at];
        add(Math.max(view.x(depths.time[sample]), -1), depths[of][sample]);
        samples += 1;
        if (depths.time[sample] > view.until) break;
    }
    overviewPoints(row, of, false).forEach(([time, value]) => add(view.x(time), value));
    if (points.length === 0) return 0;
    const end = Math.min(view.x(row.queue.removed ? nanoseconds(row.queue.removed.time) : view.whole), view.width);
    drawPoints(context, points, Math.max(end, points[points.length - 1].x), y, stroke, fill);
    return samples;
}

function drawPoints(context, points, end, y, stroke, fill) {
    const line = new Path2D();
    line.moveTo(points[0].x, y(0));
    let before = 0;
    for (const { x, value, least, most } of points) {
        line.lineTo(x, y(before));
        line.lineTo(x, y(most));
        if (least < most) line.lineTo(x, y(least));
        line.lineTo(x, y(value));
        before = value;
    }
    line.lineTo(end, y(before));
    const area = new Path2D(line);
    area.lineTo(end, y(0));
    area.closePath();
    context.fillStyle = fill;
    context.fill(area);
    context.strokeStyle = stroke;
    context.lineWidth = 1.25;
    context.stroke(line);
    context.lineWidth = 1;
}

/** The most of each step where the samples are not in the page: before them, or behind. */
function overviewPoints({ level }, of, isBefore) {
    if (!level) return [];
    const { shown } = summary;
    const isOutside = time => isBefore ? time < shown.from : time >= (shown.until ?? Infinity);
    const points = level.steps.map((step, at) => [at * level.step, step[of === 'messages' ? 0 : 1]]);
    return points.filter(([time]) => isOutside(time) && time <= view.until && time + level.step >= view.from);
}

/** What a queue held at a moment; nothing where that is not known, or where it was gone. */
function heldAt(row, time) {
    const { depths } = recording;
    const { removed } = row.queue;
    if (removed && time > nanoseconds(removed.time)) return null;
    if (summary.shown.is_partial && parts(time, time + 1).length > 0) return null;
    const places = row.places ??= samplesOf(row);
    const after = firstNotBelow(0, places.length, time + 1, at => depths.time[places[at]]);
    if (after === 0) return null;
    const sample = places[after - 1];
    return { messages: depths.messages[sample], bytes: depths.bytes[sample] };
}
