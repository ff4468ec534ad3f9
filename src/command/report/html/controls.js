'use strict';

// Wheel, pointer, keys and buttons.

/** So many pixels of movement make a click a drag. */
const DRAG = 4;

function listen() {
    for (const [id, act] of [
        ['zoom-in', () => view.zoom(0.5)],
        ['zoom-out', () => view.zoom(2)],
        ['pan-left', () => view.pan(-0.25)],
        ['pan-right', () => view.pan(0.25)],
        ['whole', () => view.show(0, view.whole)],
    ]) {
        byId(id).addEventListener('click', act);
    }
    const queues = queueRows.filter(({ place }) => place >= 0);
    byId('only').append(...queues.map(({ queue, place }) => option(place, `${queue.queue}`)));
    byId('only').addEventListener('change', event => {
        view.only = event.target.value === '' ? -1 : Number(event.target.value);
        changed();
    });
    for (const [id, point] of [['lanes', pointAtLanes], ['depth', pointAtDepth]]) {
        const canvas = byId(id).querySelector('canvas');
        canvas.addEventListener('wheel', onWheel, { passive: false });
        byId(id).addEventListener('keydown', onKey);
        byId(id).addEventListener('scroll', changed);
        drag(canvas, id === 'lanes' ? keepCallAt : () => {});
        canvas.addEventListener('pointermove', event => { if (event.buttons === 0) point(event); });
        canvas.addEventListener('pointerleave', hideTip);
    }
    listenToStrip();
    window.addEventListener('resize', changed);
    window.addEventListener('hashchange', readAddress);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
        readColours();
        stripes.clear();
        changed();
    });
}

function onWheel(event) {
    const isWhole = view.until - view.from >= view.whole;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        view.pan((event.deltaX || event.deltaY) / view.width);
    } else if (isWhole && event.deltaY > 0) {
        // There is no more to see: the page scrolls.
        return;
    } else {
        view.zoom(1.002 ** event.deltaY, event.offsetX);
    }
    event.preventDefault();
}

/** Moves the time with the pointer; a press without movement is a click. */
function drag(canvas, click) {
    let press = null;
    canvas.addEventListener('pointerdown', event => {
        if (event.button !== 0) return;
        press = { x: event.clientX, from: view.from, until: view.until, isDrag: false };
        canvas.setPointerCapture(event.pointerId);
        canvas.parentElement.focus({ preventScroll: true });
    });
    canvas.addEventListener('pointermove', event => {
        if (press === null) return;
        const moved = event.clientX - press.x;
        press.isDrag ||= Math.abs(moved) > DRAG;
        if (!press.isDrag) return;
        hideTip();
        const by = moved / view.width * (press.until - press.from);
        view.show(press.from - by, press.until - by);
    });
    canvas.addEventListener('pointerup', event => {
        if (press !== null && !press.isDrag) click(event);
        press = null;
    });
    canvas.addEventListener('pointercancel', () => { press = null; });
}

function keepCallAt(event) {
    const found = callsAt(event.offsetX, event.offsetY);
    if (found.length > 1) view.zoom(0.25, event.offsetX);
    else view.keep(found.length === 1 ? found[0] : -1);
}

function listenToStrip() {
    const canvas = byId('strip').querySelector('canvas');
    const move = event => {
        if (event.buttons !== 1) return;
        const middle = event.offsetX / view.width * view.whole;
        const half = (view.until - view.from) / 2;
        view.show(middle - half, middle + half);
    };
    canvas.addEventListener('pointerdown', event => {
        canvas.setPointerCapture(event.pointerId);
        move(event);
    });
    canvas.addEventListener('pointermove', move);
}

const KEYS = {
    '+': () => view.zoom(0.5),
    '=': () => view.zoom(0.5),
    '-': () => view.zoom(2),
    ArrowLeft: () => view.pan(-0.25),
    ArrowRight: () => view.pan(0.25),
    0: () => view.show(0, view.whole),
    Home: () => view.show(0, view.whole),
    '.': () => keepNext(1),
    ',': () => keepNext(-1),
    l: keepOther,
    L: keepOther,
    Escape: () => view.keep(-1),
};

function onKey(event) {
    const act = KEYS[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    act();
    event.preventDefault();
}

/** The call of the same thread that comes next, or before; where none is kept, the first to be seen. */
function keepNext(step) {
    const { calls, threads } = recording;
    if (view.kept < 0) {
        const first = threads.map((_, thread) => firstSeen(thread)).filter(call => call >= 0);
        const [earliest] = first.sort((one, other) => calls.begin[one] - calls.begin[other]);
        if (earliest !== undefined) keepAndShow(earliest);
        return;
    }
    const { places } = threads[calls.thread[view.kept]];
    let at = places.indexOf(view.kept) + step;
    while (view.only >= 0 && at >= 0 && at < places.length && calls.queue[places[at]] !== view.only) at += step;
    if (at >= 0 && at < places.length) keepAndShow(places[at]);
}

/** The first call of a thread in the span of time. */
function firstSeen(thread) {
    let first = -1;
    visit(thread, view.from, view.until, call => { if (first < 0) first = call; });
    return first;
}

/** The other end of the message of the call that is kept. */
function keepOther() {
    const { calls, links } = recording;
    const link = view.kept < 0 ? -1 : calls.link[view.kept];
    if (link < 0) return;
    keepAndShow(links.send[link] === view.kept ? links.receive[link] : links.send[link]);
}

function keepAndShow(call) {
    const { calls } = recording;
    view.kept = call;
    const [begin, end] = [calls.begin[call], calls.end[call]];
    const span = view.until - view.from;
    const row = rowOfThread[calls.thread[call]];
    if (row !== undefined) {
        const place = byId('lanes');
        const isSeen = row.lane.top >= place.scrollTop && row.lane.top + row.lane.height <= place.scrollTop + place.clientHeight;
        if (!isSeen) place.scrollTop = row.lane.top;
    }
    if (end < view.from || begin > view.until) view.show((begin + end - span) / 2, (begin + end + span) / 2);
    else changed();
}
