'use strict';

// From the data to what is seen.

function readSummary() {
    const block = byId('summary');
    summary = JSON.parse(block.textContent);
    block.remove();
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
    const ends = recording.threads.map(({ places }) => recording.calls.end[places[places.length - 1]]);
    view.whole = Math.max(nanoseconds(summary.report.recording.end), LEAST_SPAN, ...ends);
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
