'use strict';

// From the data to what is seen.

function readSummary() {
    const block = byId('summary');
    summary = JSON.parse(block.textContent);
    block.remove();
}

/** When the last call was over, and a little later. (The recording may go on without any.) */
function endOfCalls() {
    const ends = recording.threads.flatMap(({ lasts }) => lasts.length > 0 ? [lasts[lasts.length - 1]] : []);
    const summed = (summary.overview?.processes ?? []).map(({ step, steps }) => step * steps.length);
    const last = [...ends, ...summed].reduce((last, end) => Math.max(last, end), LEAST_SPAN);
    return last * 1.02;
}

async function main() {
    readSummary();
    showHead();
    showFindings();
    if (typeof DecompressionStream === 'undefined') {
        trouble('This browser is too old to unpack the calls (it has no DecompressionStream); findings and figures are all that is shown.');
        return;
    }
    byId('detail').textContent = `Reading ${count(summary.shown.calls, 'call')} ...`;
    recording = await readRecording(summary);
    view.whole = endOfCalls();
    readColours();
    buildLanes();
    buildArrows();
    buildDepth();
    buildResidence();
    drawers.push(drawAxis, drawStrip, drawLanes, drawMarks, drawDepth, showDetail);
    listen();
    readAddress();
    drawers.push(() => { document.documentElement.dataset.state = 'drawn'; });
}

main();
