'use strict';

// Numbers, times and names in words, as the text of `msgq report` has them. Times are nanoseconds
// since the recording was made. Texts from the recording only ever become text of an element.

function grouped(number) {
    return number.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

function count(number, thing) {
    const plural = thing.endsWith('s') ? `${thing}es` : `${thing}s`;
    return `${grouped(number)} ${number === 1 ? thing : plural}`;
}

function duration(time) {
    if (time < 1e3) return `${Math.round(time)} ns`;
    if (time < 1e5) return `${(time / 1e3).toFixed(1)} us`;
    if (time < 1e8) return `${(time / 1e6).toFixed(2)} ms`;
    return `${(time / 1e9).toFixed(3)} s`;
}

function moment(time, digits = 6) {
    return `${(time / 1e9).toFixed(digits)} s`;
}

/** Seconds of the report as nanoseconds. */
function nanoseconds(seconds) {
    return Math.round(seconds * 1e9);
}

function percent(part, whole) {
    return part === whole ? '100 %' : `${Math.floor(part * 1000 / whole) / 10} %`;
}

function who(process) {
    return process.program === null ? `${process.pid}` : `${process.pid} (${process.program})`;
}

/** A word as a shell takes it. */
function ofShell(word) {
    return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A new element with a class and what stands in it: texts and elements. */
function element(name, className, ...content) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...content);
    return made;
}

function byId(id) {
    return document.getElementById(id);
}

/** The first place in sorted numbers whose number is not below. `at(place)` gives a number. */
function firstNotBelow(from, until, number, at) {
    while (from < until) {
        const middle = (from + until) >>> 1;
        if (at(middle) < number) from = middle + 1;
        else until = middle;
    }
    return from;
}
