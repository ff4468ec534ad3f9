'use strict';

// How long messages lay in their queue, as a histogram of one queue and one type or all.

const CHART = { width: 1100, height: 240, left: 70, right: 40, top: 34, bottom: 34 };
const BARS_FROM_A_TIME_TO_ITS_DOUBLE = 4;

/** The name of the language of charts: that of the empty one that the page begins with. */
const SVG = document.querySelector('#residence svg').namespaceURI;

function svg(name, attributes, ...content) {
    const made = document.createElementNS(SVG, name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    made.append(...content);
    return made;
}

function option(value, words) {
    const made = element('option', '', words);
    made.value = value;
    return made;
}

function buildResidence() {
    const queues = [...new Set(summary.residence.map(({ queue }) => queue))];
    const traffic = id => summary.report.queues.filter(({ queue }) => queue === id).reduce((sum, { linked }) => sum + linked, 0);
    queues.sort((one, other) => traffic(other) - traffic(one));
    byId('residence-queue').replaceChildren(...queues.map(queue => option(queue, `${queue}`)));
    byId('residence-queue').addEventListener('change', chooseTypes);
    byId('residence-type').addEventListener('change', drawResidence);
    chooseTypes();
}

function chooseTypes() {
    const queue = Number(byId('residence-queue').value);
    const types = summary.residence.filter(one => one.queue === queue && one.mtype !== null);
    const options = types.map(({ mtype }) => option(mtype, mtype));
    byId('residence-type').replaceChildren(option('', 'all'), ...options);
    drawResidence();
}

/** The quantiles that the report has of what is chosen. */
function quantiles(queue, mtype) {
    const lives = summary.report.queues.filter(one => one.queue === queue);
    if (lives.length !== 1) return null;
    const [life] = lives;
    if (mtype === null) return life.residence;
    // Large types that differ may be the same number here.
    const types = life.types.filter(one => one.mtype === Number(mtype));
    return types.length === 1 ? types[0].residence : null;
}

function drawResidence() {
    byId('residence-choice').hidden = summary.residence.length === 0;
    const queue = Number(byId('residence-queue').value);
    const type = byId('residence-type').value;
    const mtype = type === '' ? null : type;
    const chosen = summary.residence.find(one => one.queue === queue && one.mtype === mtype);
    const place = byId('residence');
    if (chosen === undefined) {
        byId('residence-words').textContent = '';
        place.replaceChildren('No message was received whose send is known.');
        place.dataset.messages = 0;
        return;
    }
    const messages = chosen.bars.reduce((sum, [, messages]) => sum + messages, 0);
    const times = quantiles(queue, mtype);
    const marks = times === null ? [] : Object.entries(times).filter(([, seconds]) => seconds !== null);
    const words = marks.map(([name, seconds]) => `${name} ${duration(nanoseconds(seconds))}`);
    byId('residence-words').textContent = [count(messages, 'message'), ...words].join(', ');
    place.replaceChildren(chart(chosen.bars, marks));
    Object.assign(place.dataset, { messages, bars: chosen.bars.length });
}

/** The bar of no time at all. */
const NO_TIME = -1;

/** The time at which a bar begins. */
function barBegin(bar) {
    return 2 ** (bar / BARS_FROM_A_TIME_TO_ITS_DOUBLE);
}

function chart(bars, marks) {
    const times = bars.map(([bar]) => bar).filter(bar => bar !== NO_TIME);
    const last = times.length > 0 ? times[times.length - 1] + 1 : 1;
    const first = times.length > 0 ? times[0] : 0;
    // No time at all has no place among the others: its bar stands before them.
    const none = first - 3;
    const low = (times.length < bars.length ? none : first) - 1;
    const most = Math.max(...bars.map(([, messages]) => messages));
    const { width, height, left, right, top, bottom } = CHART;
    const x = bar => left + (bar - low) / (last + 1 - low) * (width - left - right);
    const y = messages => height - bottom - messages / most * (height - top - bottom);
    const ofTime = time => x(time <= 0 ? none + 0.5 : Math.log2(time) * BARS_FROM_A_TIME_TO_ITS_DOUBLE);
    const parts = [];
    const tick = (at, words) => parts.push(
        svg('line', { class: 'line', x1: at, x2: at, y1: top, y2: height - bottom }),
        svg('text', { class: 'time', x: at, y: height - bottom + 18, 'text-anchor': 'middle' }, words));
    if (times.length < bars.length) tick(ofTime(0), '0');
    chartTimes(first, last, times.length > 0).forEach(([time, words]) => tick(ofTime(time), words));
    for (const messages of [0, most]) {
        parts.push(svg('line', { class: 'line', x1: left, x2: width - right, y1: y(messages), y2: y(messages) }));
        parts.push(svg('text', { x: left - 8, y: y(messages) + 4, 'text-anchor': 'end' }, grouped(messages)));
    }
    for (const [bar, messages] of bars) {
        const from = x(bar === NO_TIME ? none : bar);
        const span = bar === NO_TIME ? 'no time' : `${duration(barBegin(bar))} to ${duration(barBegin(bar + 1))}`;
        const shape = { x: from, y: y(messages), width: Math.max(x(low + 1) - x(low) - 1, 1), height: height - bottom - y(messages) };
        parts.push(svg('rect', { class: 'bar', ...shape }, svg('title', {}, `${span}: ${count(messages, 'message')}`)));
    }
    parts.push(...quantileMarks(marks.map(([name, seconds]) => [name, ofTime(nanoseconds(seconds))])));
    const label = `Histogram of ${byId('residence-words').textContent}`;
    return svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label }, ...parts);
}

/** The times that the axis names: powers of ten; where there are not two, the begin and the end of the bars. */
function chartTimes(first, last, hasTimes) {
    if (!hasTimes) return [];
    const powers = [];
    for (let power = Math.ceil(Math.log10(barBegin(first))); 10 ** power <= barBegin(last); power++) powers.push([10 ** power, plainTime(power)]);
    return powers.length > 1 ? powers : [first, last].map(bar => [barBegin(bar), duration(barBegin(bar))]);
}

/** How wide a letter of the marks is, nearly. */
const LETTER = 7;

/** The marks of the quantiles. Those whose words would meet share them. */
function quantileMarks(places) {
    const half = names => names.join(' ').length * LETTER / 2;
    const groups = [];
    for (const [name, at] of places) {
        const last = groups[groups.length - 1];
        if (last && at - half([name]) < (last.from + last.until) / 2 + half(last.names) + LETTER) {
            last.names.push(name);
            last.until = at;
        } else {
            groups.push({ names: [name], from: at, until: at });
        }
    }
    const lines = places.map(([, at]) => svg('line', { class: 'mark', x1: at, x2: at, y1: CHART.top - 6, y2: CHART.height - CHART.bottom }));
    const words = groups.map(({ names, from, until }) => {
        const x = Math.min((from + until) / 2, CHART.width - half(names));
        return svg('text', { class: 'mark-text', x, y: CHART.top - 12, 'text-anchor': 'middle' }, names.join(' '));
    });
    return [...lines, ...words];
}

/** A power of ten, of nanoseconds. */
function plainTime(power) {
    const unit = Math.min(Math.max(Math.floor(power / 3), 0), 3);
    return `${10 ** (power - 3 * unit)} ${['ns', 'us', 'ms', 's'][unit]}`;
}
