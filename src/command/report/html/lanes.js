'use strict';

// A lane for each process, with a row for each of its threads.

const ROW = 22;
const MARGIN = 7;
const LEAST_LANE = 46;

/** More threads than this share rows. */
const MOST_ROWS = 16;

/** More lanes than this are not drawn. */
const MOST_LANES = 2000;

const lanes = [];
/** The lane and the row of each thread. */
const rowOfThread = [];

function buildLanes() {
    const byProcess = new Map();
    recording.threads.forEach((thread, place) => {
        if (!byProcess.has(thread.process)) byProcess.set(thread.process, []);
        byProcess.get(thread.process).push(place);
    });
    const { overview, report } = summary;
    const summed = new Map((overview?.processes ?? []).map(busy => [busy.process, busy]));
    let top = 0;
    report.processes.forEach((process, number) => {
        if (process.calls === 0 || lanes.length === MOST_LANES) return;
        const threads = byProcess.get(number) ?? [];
        const rows = Array.from({ length: Math.max(1, Math.min(threads.length, MOST_ROWS)) }, () => []);
        const height = Math.max(LEAST_LANE, rows.length * ROW + 2 * MARGIN);
        const lane = { process, rows, top, height, busy: summed.get(number), number: lanes.length };
        threads.forEach((thread, place) => {
            const row = place % MOST_ROWS;
            rows[row].push(thread);
            rowOfThread[thread] = { lane, row };
        });
        lanes.push(lane);
        top += height;
    });
    const labels = byId('lanes').querySelector('.labels');
    labels.replaceChildren(...lanes.map(laneLabel));
}

function laneLabel({ process, rows, height }) {
    const sent = `${grouped(process.sent)} sent, ${grouped(process.received)} received`;
    const threads = rows.length > 1 ? count(rows.flat().length, 'thread') : '';
    const words = [sent, threads].map(words => element('span', '', words));
    const label = element('div', 'row', element('b', '', who(process)), ...words);
    label.style.height = `${height}px`;
    label.dataset.pid = process.pid;
    label.title = `${who(process)}: ${count(process.calls, 'call')}`;
    return label;
}

function lanesHeight() {
    const last = lanes[lanes.length - 1];
    return last ? last.top + last.height : LEAST_LANE;
}

/** Where the middle of a row stands, from the top of all lanes. */
function rowMiddle({ lane, row }) {
    return lane.top + (lane.height - lane.rows.length * ROW) / 2 + row * ROW + ROW / 2;
}

/** Has each call of a thread seen that the span of time touches. */
function visit(thread, from, until, see) {
    const { calls } = recording;
    const { places, lasts } = recording.threads[thread];
    const first = firstNotBelow(0, places.length, from, at => lasts[at]);
    for (let at = first; at < places.length; at++) {
        const call = places[at];
        if (calls.begin[call] > until) return;
        if (calls.end[call] < from) continue;
        if (view.only < 0 || calls.queue[call] === view.only) see(call);
    }
}

function drawLanes() {
    const begin = performance.now();
    const place = byId('lanes');
    const canvas = place.querySelector('canvas');
    const height = Math.min(lanesHeight(), place.clientHeight);
    const top = place.scrollTop;
    const context = blank(canvas, height);
    const drawn = { exact: 0, summed: 0 };
    for (const lane of lanes) {
        if (lane.top + lane.height < top || lane.top > top + height) continue;
        if (lane.number % 2 === 1) {
            context.fillStyle = colours.band;
            context.fillRect(0, lane.top - top, view.width, lane.height);
        }
        drawUnshown(context, lane.top - top, lane.height);
        drawGrid(context, lane.top - top, lane.height);
        if (lane.busy) drawOverview(context, lane, top);
        lane.rows.forEach((threads, row) => {
            drawRow(context, threads, rowMiddle({ lane, row }) - top, drawn);
        });
    }
    Object.assign(drawn, drawArrows(context, top));
    const facts = { lanes: lanes.length, ...drawn, milliseconds: Math.round(performance.now() - begin) };
    Object.assign(place.dataset, facts);
}

/** Draws the sums of a process where its calls are not in the page. */
function drawOverview(context, { busy, top, height }, scrolled) {
    const middle = top - scrolled + height / 2;
    busy.steps.forEach(([calls, failed, time], step) => {
        if (calls === 0 && time.every(part => part === 0)) return;
        for (const [from, until] of parts(step * busy.step, (step + 1) * busy.step)) {
            const [left, right] = [Math.floor(view.x(from)), Math.ceil(view.x(until))];
            if (right < 0 || left > view.width) continue;
            const all = time[0] + time[1] + time[2];
            const bar = BAR * Math.min(1, Math.max(LEAST_BAR, all / busy.step));
            let bottom = middle + BAR / 2;
            SORTS.forEach((sort, place) => {
                const part = all > 0 ? time[place] / all * bar : 0;
                context.fillStyle = colours[sort];
                context.fillRect(left, bottom - part, right - left, part);
                bottom -= part;
            });
            if (failed > 0) drawWedge(context, (left + right) / 2, middle - BAR / 2);
        }
    });
}

/** What of a span is outside the time in which each call is shown. */
function parts(from, until) {
    const { shown } = summary;
    const end = shown.until ?? Infinity;
    return [[from, Math.min(until, shown.from)], [Math.max(from, end), until]].filter(([left, right]) => left < right);
}
