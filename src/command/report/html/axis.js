'use strict';

// The axis of time, and above it the whole recording, with the part that is to be seen.

const LEAST_TICK = 110;

/** The moments that have a line: round ones, not too close. */
function ticks() {
    const span = (view.until - view.from) * LEAST_TICK / view.width;
    const power = 10 ** Math.floor(Math.log10(span));
    const step = [1, 2, 5, 10].map(factor => factor * power).find(step => step >= span);
    const found = [];
    for (let place = Math.ceil(view.from / step); place * step <= view.until; place++) found.push(place * step);
    return { step, moments: found };
}

/** Draws the lines of the ticks through something. */
function drawGrid(context, top, height) {
    context.fillStyle = colours.edge;
    context.globalAlpha = 0.6;
    ticks().moments.forEach(time => context.fillRect(Math.round(view.x(time)), top, 1, height));
    context.globalAlpha = 1;
}

/** Dims the time in which calls are not shown one by one. */
function drawUnshown(context, top, height) {
    if (!summary.shown.is_partial) return;
    context.fillStyle = colours['other-soft'];
    context.globalAlpha = 0.5;
    for (const [from, until] of parts(0, view.whole)) {
        const [left, right] = [Math.max(view.x(from), 0), Math.min(view.x(until), view.width)];
        if (left < right) context.fillRect(left, top, right - left, height);
    }
    context.globalAlpha = 1;
}

function drawAxis() {
    const canvas = byId('axis').querySelector('canvas');
    view.width = canvas.clientWidth;
    const context = blank(canvas, 22);
    drawUnshown(context, 0, 22);
    const { step, moments } = ticks();
    const digits = Math.min(Math.max(9 - Math.floor(Math.log10(step) + 1e-9), 0), 9);
    for (const time of moments) {
        const x = Math.round(view.x(time));
        context.fillStyle = colours.edge;
        context.fillRect(x, 14, 1, 8);
        context.fillStyle = colours.soft;
        const words = moment(time, digits);
        context.fillText(words, Math.min(Math.max(x - context.measureText(words).width / 2, 2), view.width - context.measureText(words).width - 2), 8);
    }
    const span = `${moment(view.from)} to ${moment(view.until)} (${duration(view.until - view.from)})`;
    byId('range').textContent = span;
}

/** How much happened in each column of pixels of the whole recording: drawn once for each width. */
const strip = { width: 0, calls: null };

function countCalls(width) {
    const columns = new Float64Array(Math.ceil(width) + 1);
    const { calls } = recording;
    const column = time => Math.min(Math.floor(time / view.whole * width), columns.length - 1);
    for (let call = 0; call < calls.count; call++) columns[column(calls.end[call])] += 1;
    for (const { step, steps } of summary.overview?.processes ?? []) {
        steps.forEach(([calls], place) => {
            const [from, until] = [place * step, (place + 1) * step];
            for (const [left, right] of parts(from, until)) {
                const wide = [column(left), Math.max(column(right), column(left) + 1)];
                const share = calls * (right - left) / step / (wide[1] - wide[0]);
                for (let at = wide[0]; at < wide[1] && at < columns.length; at++) columns[at] += share;
            }
        });
    }
    return columns;
}

function drawStrip() {
    const canvas = byId('strip').querySelector('canvas');
    const context = blank(canvas, 30);
    if (strip.width !== view.width) Object.assign(strip, { width: view.width, calls: countCalls(view.width) });
    const most = Math.log1p(strip.calls.reduce((most, calls) => Math.max(most, calls), 1));
    context.fillStyle = colours.soft;
    strip.calls.forEach((calls, column) => {
        const height = Math.log1p(calls) / most * 24;
        if (height > 0) context.fillRect(column, 29 - height, 1, height);
    });
    const [left, right] = [view.from, view.until].map(time => time / view.whole * view.width);
    const width = Math.max(right - left, 3);
    context.fillStyle = colours.send;
    context.globalAlpha = 0.18;
    context.fillRect(left, 0, width, 30);
    context.globalAlpha = 1;
    context.strokeStyle = colours.send;
    context.strokeRect(left + 0.5, 0.5, Math.max(width - 1, 1), 29);
}
