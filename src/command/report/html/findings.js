'use strict';

// What the recording is, what is wrong with it, and what was found.

/** What stops somebody or loses something; the rest is worth knowing. */
const URGENT = ['deadlock', 'hanging', 'full', 'removed'];

function showHead() {
    const { file, report } = summary;
    const { recording: facts, links, queues, queues_not_shown: more } = report;
    document.title = `msgq report: ${file}`;
    byId('file').textContent = file;
    const made = new Date(facts.realtime_ns / 1e6);
    const figures = [
        [grouped(facts.calls), facts.calls === 1 ? 'call' : 'calls'],
        [grouped(report.processes.length), report.processes.length === 1 ? 'process' : 'processes'],
        [grouped(queues.length + more), queues.length + more === 1 ? 'queue' : 'queues'],
        [grouped(links.sent), 'sent'],
        [grouped(links.received), 'received'],
        ...links.received === 0 ? [] : [[percent(links.certain, links.received), 'linked for certain']],
        [duration(nanoseconds(facts.end)), facts.live ? 'so far' : 'long'],
        [made.toLocaleString('sv-SE'), 'begun'],
    ];
    byId('figures').replaceChildren(...figures.map(([number, thing]) =>
        element('div', '', element('dt', '', thing), element('dd', '', number))));
    byId('notes').replaceChildren(...notes().map(note => element('li', '', note)));
}

/** What is not in this page, or not in the recording. */
function notes() {
    const { report, shown } = summary;
    const { lost_calls: lost, faults, calls } = report.recording;
    const found = [];
    if (lost > 0) found.push(`${count(lost, 'call')} more are missing, for want of room; so no link is certain.`);
    if (faults > 0) found.push(`${count(faults, 'process')} not recorded to the end, for a fault in msgq; so no link is certain.`);
    if (shown.is_partial) {
        const end = shown.until === null ? nanoseconds(report.recording.end) : shown.until;
        const isLast = end >= nanoseconds(report.recording.end);
        const other = isLast ? `--until ${(Math.ceil(shown.from / 1e6) / 1e3).toFixed(3)}` : `--from ${(Math.floor(end / 1e6) / 1e3).toFixed(3)}`;
        const limit = shown.is_full ? ', which is as many as a page has' : '';
        found.push(`This page has ${grouped(shown.calls)} of ${count(calls, 'call')} one by one: those from ${moment(shown.from)}`
            + ` to ${moment(end)}${limit}. Of the other time, which is grey, it has sums and no arrows.`
            + ` Findings, figures and histograms are of the whole recording. For another part:`
            + ` msgq report ${ofShell(summary.file)} --html OUT ${other}`);
    }
    const lanes = report.processes.filter(({ calls }) => calls > 0).length;
    if (lanes > MOST_LANES) found.push(`${count(lanes - MOST_LANES, 'process')} more have no lane here.`);
    return found;
}

function showFindings() {
    const { labels, report } = summary;
    const list = byId('findings');
    if (report.findings.length === 0) {
        list.replaceChildren(element('li', 'none', 'Nothing that need worry anybody.'));
        return;
    }
    list.replaceChildren(...report.findings.map((finding, place) => {
        const isUrgent = URGENT.includes(finding.kind);
        const text = element('span', 'text', finding.text);
        const item = element('li', isUrgent ? 'urgent' : 'notable', element('span', 'label', labels[place]), text);
        if (finding.pids.length > 0 || finding.queue !== null) {
            const button = element('button', '', 'show');
            button.setAttribute('aria-label', `Show when this was: ${labels[place]}`);
            button.addEventListener('click', () => showFinding(finding));
            item.append(button);
        }
        return item;
    }));
}

/** The findings that are waits: their time is that at which the last of their calls began. */
const WAITS_FOUND = ['deadlock', 'hanging', 'full'];

/** The waits of a finding, by their calls; first the one that began last. */
function waitsOf(finding) {
    if (!WAITS_FOUND.includes(finding.kind)) return [];
    const at = nanoseconds(finding.time);
    const [begin, end] = [wait => nanoseconds(wait.time), wait => nanoseconds(wait.time + wait.duration)];
    const waits = [...recording.waits].filter(([, wait]) => finding.pids.includes(wait.by.pid) && begin(wait) <= at && end(wait) >= at);
    return waits.sort(([, one], [, other]) => begin(other) - begin(one));
}

/** Shows the time of a finding, and names the processes that it is about. */
function showFinding(finding) {
    const at = nanoseconds(finding.time);
    const waits = waitsOf(finding);
    const from = Math.min(at, ...waits.map(([, wait]) => nanoseconds(wait.time)));
    const until = Math.max(at, ...waits.map(([, wait]) => nanoseconds(wait.time + wait.duration)));
    const margin = Math.max((until - from) / 10, view.whole / 100);
    for (const label of document.querySelectorAll('#lanes .row')) {
        label.classList.toggle('named', finding.pids.includes(Number(label.dataset.pid)));
    }
    if (waits.length > 0) view.kept = waits[0][0];
    view.show(from - margin, until + margin);
    document.querySelector('#lanes .row.named')?.scrollIntoView({ block: 'nearest' });
    byId('time').scrollIntoView({ block: 'start' });
}
