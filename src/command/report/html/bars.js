'use strict';

// The calls in a row. One that is wide enough is drawn as it is; of narrower ones each column of pixels
// shows their sum: how much of the time was spent in them, by the height of its bars.

/** How high a call is. */
const BAR = 16;

/** A call this wide is drawn by itself. */
const WIDE = 3;

/** The colours of the calls: by their kinds, and what they stand in for the sums. */
const SORTS = ['send', 'receive', 'other'];
const SORT_OF_KIND = [2, 2, 0, 1];

/** Sums over the calls of a row, by columns of pixels. */
const sums = { calls: new Uint32Array(0), failed: new Uint32Array(0), time: [] };

function clearSums(width) {
    const columns = Math.ceil(width) + 1;
    if (sums.calls.length < columns) {
        sums.calls = new Uint32Array(columns);
        sums.failed = new Uint32Array(columns);
        sums.time = SORTS.map(() => new Float32Array(columns));
    }
    [sums.calls, sums.failed, ...sums.time].forEach(column => column.fill(0));
}

function drawRow(context, threads, middle, drawn) {
    const { calls } = recording;
    const scale = view.width / (view.until - view.from);
    const wide = [];
    const last = Math.floor(view.width);
    clearSums(view.width);
    let summed = 0;
    const see = call => {
        const [left, right] = [(calls.begin[call] - view.from) * scale, (calls.end[call] - view.from) * scale];
        if (right - left >= WIDE) {
            wide.push(call);
            return;
        }
        summed += 1;
        const first = Math.max(0, Math.min(Math.floor(left), last));
        sums.calls[first] += 1;
        if (calls.outcome[call] === OUTCOME.failed) sums.failed[first] += 1;
        const time = sums.time[SORT_OF_KIND[calls.kind[call]]];
        for (let column = first; column < right && column <= last; column++) {
            time[column] += Math.min(right, column + 1) - Math.max(left, column);
        }
    };
    threads.forEach(thread => visit(thread, view.from, view.until, see));
    if (summed > 0) drawSums(context, middle);
    wide.forEach(call => drawCall(context, call, middle));
    drawn.exact += wide.length;
    drawn.summed += summed;
}

/** Where there is anything, something is to be seen: a bar is never lower than this. */
const LEAST_BAR = 0.45;

function drawSums(context, middle) {
    const { calls, failed, time } = sums;
    for (let column = 0; column <= view.width; column++) {
        const all = time[0][column] + time[1][column] + time[2][column];
        if (calls[column] === 0 && all === 0) continue;
        const height = BAR * Math.min(1, Math.max(LEAST_BAR, all));
        // One that stands alone is easier to see.
        const thickness = calls[column + 1] === 0 ? 2 : 1;
        let bottom = middle + BAR / 2;
        SORTS.forEach((sort, place) => {
            // A call that took no time at all is none of these.
            const part = all > 0 ? time[place][column] / all : place === 2 ? 1 : 0;
            if (part === 0) return;
            context.fillStyle = colours[sort];
            context.fillRect(column, bottom - part * height, thickness, part * height);
            bottom -= part * height;
        });
        if (failed[column] > 0) drawWedge(context, column, middle - BAR / 2);
    }
}

/** Marks a column in which calls failed. */
function drawWedge(context, x, y) {
    context.fillStyle = colours.failed;
    context.beginPath();
    context.moveTo(x - 2.5, y - 3);
    context.lineTo(x + 3.5, y - 3);
    context.lineTo(x + 0.5, y + 3);
    context.fill();
}

const stripes = new Map();

/** Stripes of a colour: of calls that wait. */
function striped(context, sort) {
    if (!stripes.has(sort)) {
        const tile = new OffscreenCanvas(8, 8);
        const pen = tile.getContext('2d');
        pen.fillStyle = colours[`${sort}-soft`];
        pen.fillRect(0, 0, 8, 8);
        pen.strokeStyle = colours[sort];
        pen.lineWidth = 2;
        pen.beginPath();
        for (const x of [-8, 0, 8]) {
            pen.moveTo(x, 8);
            pen.lineTo(x + 8, 0);
        }
        pen.stroke();
        stripes.set(sort, context.createPattern(tile, 'repeat'));
    }
    return stripes.get(sort);
}

/** Where a call stands: its left, and its width; not far out of sight. */
function span(call) {
    const left = Math.max(view.x(recording.calls.begin[call]), -50);
    return [left, Math.max(Math.min(view.x(recording.calls.end[call]), view.width + 50) - left, 1)];
}

function drawCall(context, call, middle) {
    const { calls, waits } = recording;
    const sort = SORTS[SORT_OF_KIND[calls.kind[call]]];
    const [left, width] = span(call);
    const top = middle - BAR / 2;
    const long = calls.end[call] - calls.begin[call] >= nanoseconds(summary.report.recording.wait_threshold);
    const waited = calls.kind[call] >= KIND.send && (long || calls.outcome[call] === OUTCOME.open);
    context.fillStyle = waited ? striped(context, sort) : colours[sort];
    context.fillRect(left, top, width, BAR);
    if (waited) {
        context.strokeStyle = colours[sort];
        context.strokeRect(left + 0.5, top + 0.5, width - 1, BAR - 1);
    }
    const right = drawEnd(context, call, left + width, middle, width);
    if (width < 40) return;
    const wait = waits.get(call);
    const words = wait ? `${wait.over ? 'waited' : 'waits'}: ${wait.why}` : callWords(call);
    drawWords(context, words, left, right, middle, waited ? 'ground' : `on-${sort}`);
}

/** Marks how a call ended, unless it succeeded. Gives where the mark begins. */
function drawEnd(context, call, right, middle, width) {
    const outcome = recording.calls.outcome[call];
    if (outcome === OUTCOME.failed) {
        context.fillStyle = colours.failed;
        const size = Math.min(BAR, width);
        context.fillRect(right - size, middle - BAR / 2, size, BAR);
        if (size < 8) return right - size;
        context.strokeStyle = colours.ground;
        context.lineWidth = 2;
        context.beginPath();
        for (const slope of [-1, 1]) {
            context.moveTo(right - size / 2 - 4, middle - 4 * slope);
            context.lineTo(right - size / 2 + 4, middle + 4 * slope);
        }
        context.stroke();
        context.lineWidth = 1;
        return right - size;
    }
    if (outcome === OUTCOME.open) {
        context.fillStyle = colours.ink;
        for (const step of [0, 1, 2]) context.fillRect(right + 3 + step * 5, middle - 1.5, 3, 3);
    }
    return right;
}

/** What stands in the bar of a call. */
function callWords(call) {
    const { calls } = recording;
    const names = ['msgget', 'msgctl', `type ${calls.mtype[call]}`, `type ${calls.mtype[call]}`];
    return calls.mtype[call] === 0n && calls.kind[call] >= KIND.send ? '' : names[calls.kind[call]];
}

/** Writes into a bar, as far as there is room. */
function drawWords(context, words, left, right, middle, colour) {
    const onStripes = colour === 'ground';
    const from = Math.max(left, 0) + 4;
    const room = Math.min(right, view.width) - from - 4;
    if (room < 20 || words === '') return;
    context.save();
    context.beginPath();
    context.rect(from, middle - BAR / 2, room, BAR);
    context.clip();
    if (onStripes) {
        context.fillStyle = colours.ground;
        context.globalAlpha = 0.85;
        context.fillRect(from, middle - BAR / 2 + 1, context.measureText(words).width + 4, BAR - 2);
        context.globalAlpha = 1;
    }
    context.fillStyle = onStripes ? colours.ink : colours[colour];
    context.fillText(words, from + 2, middle + 0.5);
    context.restore();
}
