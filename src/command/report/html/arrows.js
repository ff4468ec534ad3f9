'use strict';

// An arrow for each message, from the end of its msgsnd to the end of its msgrcv. Where there are too
// many to be told apart, those of the same two processes and about the same time become one, the
// thicker the more they are.

/** So many arrows are drawn one by one. */
const MOST_ARROWS = 400;

/** How many pixels of time become one arrow. */
const BUNDLE = 36;

/** More pairs of processes than this become one. */
const MOST_PAIRS = 20000;

const arrows = { head: 5 };

function buildArrows() {
    const { calls, links } = recording;
    arrows.from = new Float64Array(links.count);
    arrows.until = new Float64Array(links.count);
    arrows.pair = new Int32Array(links.count);
    arrows.pairs = [];
    const known = new Map();
    for (let link = 0; link < links.count; link++) {
        const [send, receive] = [links.send[link], links.receive[link]];
        const rows = [send, receive].map(call => call < 0 ? undefined : rowOfThread[calls.thread[call]]);
        // The other call is not in the page, or has no lane.
        arrows.pair[link] = -1;
        if (rows.includes(undefined)) continue;
        arrows.from[link] = calls.end[send];
        arrows.until[link] = calls.end[receive];
        const name = rows[0].lane.number * MOST_LANES + rows[1].lane.number;
        if (!known.has(name) && arrows.pairs.length < MOST_PAIRS) {
            known.set(name, arrows.pairs.push(rows.map(row => row.lane)) - 1);
        }
        arrows.pair[link] = known.get(name) ?? -1;
    }
}

function isInView(time) {
    return time >= view.from && time <= view.until;
}

/** The messages that leave or arrive in the span of time. */
function visibleLinks() {
    const { calls, links } = recording;
    const found = [];
    for (let link = 0; link < links.count; link++) {
        const isSeen = arrows.pair[link] >= 0
            && (isInView(arrows.from[link]) || isInView(arrows.until[link]))
            && (view.only < 0 || calls.queue[links.send[link]] === view.only);
        if (isSeen) found.push(link);
    }
    return found;
}

/** Draws them; gives how many there are of each sort. */
function drawArrows(context, top) {
    const found = visibleLinks();
    context.save();
    if (found.length > MOST_ARROWS) {
        const bundles = drawBundles(context, top, found);
        context.restore();
        return { arrows: 0, bundles };
    }
    context.strokeStyle = context.fillStyle = colours.ink;
    context.globalAlpha = found.length < 200 ? 0.75 : 0.4;
    arrows.head = found.length < 60 ? 5 : 3;
    found.forEach(link => drawArrow(context, link, top));
    context.restore();
    return { arrows: found.length, bundles: 0 };
}

/** Where a message leaves its sender's row, and where it comes to its receiver's. */
function drawArrow(context, link, top, width = 1) {
    const { calls, links } = recording;
    const rows = [links.send[link], links.receive[link]].map(call => rowOfThread[calls.thread[call]]);
    const [x1, x2] = [view.x(arrows.from[link]), view.x(arrows.until[link])];
    const [y1, y2] = rows.map(row => rowMiddle(row) - top);
    context.setLineDash(links.isCertain[link] ? [] : [4, 3]);
    if (y1 === y2) {
        drawArc(context, x1, x2, y1 - BAR / 2, width);
        return;
    }
    const side = y1 < y2 ? BAR / 2 : -BAR / 2;
    drawLine(context, x1, y1 + side, x2, y2 - side, width);
}

/** From a thread to itself. */
function drawArc(context, x1, x2, y, width = 1) {
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x1, y);
    context.bezierCurveTo(x1, y - 12, x2, y - 12, x2, y);
    context.stroke();
    drawHead(context, x2, y, Math.PI / 2, arrows.head);
}

function drawLine(context, x1, y1, x2, y2, width) {
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
    drawHead(context, x2, y2, Math.atan2(y2 - y1, x2 - x1), arrows.head + width - 1);
}

function drawHead(context, x, y, angle, size) {
    context.beginPath();
    context.moveTo(x, y);
    for (const turn of [-0.4, 0.4]) {
        context.lineTo(x - size * 1.4 * Math.cos(angle + turn), y - size * 1.4 * Math.sin(angle + turn));
    }
    context.fill();
}

function drawBundles(context, top, found) {
    const bundles = new Map();
    arrows.head = 4;
    const buckets = Math.ceil(view.width / BUNDLE) + 2;
    for (const link of found) {
        const arrived = Math.max(-1, Math.min(Math.floor(view.x(arrows.until[link]) / BUNDLE), buckets - 2));
        const name = arrows.pair[link] * buckets + arrived + 1;
        const bundle = bundles.get(name);
        if (bundle === undefined) {
            bundles.set(name, { pair: arrows.pair[link], messages: 1, from: arrows.from[link], until: arrows.until[link] });
            continue;
        }
        bundle.messages += 1;
        bundle.from += arrows.from[link];
        bundle.until += arrows.until[link];
    }
    context.strokeStyle = context.fillStyle = colours.ink;
    // Where everybody talks to everybody, what lies below is still to be seen.
    context.globalAlpha = Math.min(0.5, Math.max(0.1, 100 / bundles.size));
    for (const { pair, messages, from, until } of bundles.values()) {
        const [sender, receiver] = arrows.pairs[pair];
        const [x1, x2] = [view.x(from / messages), view.x(until / messages)];
        const [y1, y2] = [sender, receiver].map(lane => lane.top + lane.height / 2 - top);
        if (sender === receiver) {
            drawArc(context, x1, x2, y1 - BAR / 2);
            continue;
        }
        const side = (y1 < y2 ? 1 : -1) * BAR / 2;
        drawLine(context, x1, y1 + side, x2, y2 - side, Math.min(6, 1 + Math.log10(messages)));
    }
    return bundles.size;
}
