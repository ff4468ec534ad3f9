'use strict';

// What of the recording is to be seen: a span of time, one queue or all, a call that is kept. The
// address has it behind `#`, so that a view can be sent on.

/** The shortest span of time, in nanoseconds. */
const LEAST_SPAN = 200;

const view = {
    from: 0,
    until: 1,
    whole: 1,
    /** Pixels that the span takes. */
    width: 1,
    /** The place of the only queue to be seen, or -1. */
    only: -1,
    /** The call that is kept, or -1. */
    kept: -1,
    /** The call that is pointed at, or -1. */
    pointed: -1,

    x(time) {
        return (time - this.from) / (this.until - this.from) * this.width;
    },

    time(x) {
        return this.from + x / this.width * (this.until - this.from);
    },

    /** Shows this span, as far as there is something. */
    show(from, until) {
        const span = Math.min(Math.max(until - from, LEAST_SPAN), this.whole);
        const middle = (from + until) / 2;
        this.from = Math.min(Math.max(middle - span / 2, 0), this.whole - span);
        this.until = this.from + span;
        changed();
    },

    /** Shows a longer or shorter span; what is at `x` stays there. */
    zoom(factor, x = this.width / 2) {
        const span = Math.min(Math.max((this.until - this.from) * factor, LEAST_SPAN), this.whole);
        const from = this.time(x) - x / this.width * span;
        this.show(from, from + span);
    },

    /** Moves by a part of the span. */
    pan(part) {
        const by = (this.until - this.from) * part;
        this.show(this.from + by, this.until + by);
    },

    keep(call) {
        this.kept = call;
        changed();
    },
};

/** Who draws: functions, in order. */
const drawers = [];
let isDrawing = false;

/** Has everything drawn, once, soon. */
function changed() {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
        isDrawing = false;
        drawers.forEach(draw => draw());
        writeAddress();
    });
}

let address = 0;

function writeAddress() {
    clearTimeout(address);
    address = setTimeout(() => {
        const words = [];
        if (view.from > 0 || view.until < view.whole) {
            words.push(`t=${(view.from / 1e9).toFixed(9)},${(view.until / 1e9).toFixed(9)}`);
        }
        if (view.only >= 0) words.push(`queue=${recording.queues[view.only].id}`);
        if (view.kept >= 0) words.push(`call=${view.kept}`);
        history.replaceState(null, '', `#${words.join('&')}`);
    }, 200);
}

function readAddress() {
    const words = new URLSearchParams(location.hash.slice(1));
    const [from, until] = (words.get('t') ?? '').split(',').map(seconds => parseFloat(seconds) * 1e9);
    const call = parseInt(words.get('call') ?? '', 10);
    const id = parseInt(words.get('queue') ?? '', 10);
    view.only = queueRows.find(({ queue, place }) => queue.queue === id && place >= 0)?.place ?? -1;
    byId('only').value = view.only < 0 ? '' : `${view.only}`;
    view.kept = call >= 0 && call < recording.calls.count ? call : -1;
    if (from < until) view.show(from, until);
    else view.show(0, view.whole);
}

const colours = {};

/** Colours are those of the style: light or dark. */
function readColours() {
    const style = getComputedStyle(document.documentElement);
    const sorts = ['send', 'receive', 'other', 'failed'].flatMap(sort => [sort, `${sort}-soft`, `on-${sort}`]);
    for (const name of ['ground', 'band', 'edge', 'ink', 'soft', ...sorts]) {
        colours[name] = style.getPropertyValue(`--${name}`).trim();
    }
}

/** A canvas, empty, in pixels of the page. */
function blank(canvas, height) {
    const scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    canvas.style.height = `${height}px`;
    const [columns, lines] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== columns || canvas.height !== lines) {
        canvas.width = columns;
        canvas.height = lines;
    }
    const context = canvas.getContext('2d');
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = '12px system-ui, "DejaVu Sans", sans-serif';
    context.textBaseline = 'middle';
    return context;
}
