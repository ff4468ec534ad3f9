#!/usr/bin/env node
// Perfetto's trace processor, as far as its Python package asks it: a server of HTTP.
//
// In a browser the trace processor is a worker (engine_bundle.js) that loads WebAssembly, takes
// requests and gives replies (protocol buffers: TraceProcessorRpcStream, in Perfetto's
// protos/perfetto/trace_processor/trace_processor.proto) through a port. This program gives it what a
// browser would, and hands on what the Python package sends.
//
// trace_processor.js --engine FOLDER --http-port PORT
"use strict";

const fs = require("fs");
const http = require("http");
const path = require("path");

const option = (name) => process.argv[process.argv.indexOf(name) + 1];
const folder = option("--engine");

/** Loads a file of the engine's when it asks the network for it. */
class FileRequest {
    open(_method, url) {
        this.file = path.join(folder, path.basename(url));
    }

    send() {
        this.response = new Uint8Array(fs.readFileSync(this.file)).buffer;
    }
}

/** Starts the engine; gives the port for requests. */
function start(reply) {
    const worker = { location: { href: "http://localhost/" } };
    const browser = {
        self: worker,
        location: worker.location,
        WorkerGlobalScope: Object,
        XMLHttpRequest: FileRequest,
        process: undefined,
    };
    const code = fs.readFileSync(path.join(folder, "engine_bundle.js"), "utf8");
    new Function(...Object.keys(browser), code)(...Object.values(browser));
    const port = { postMessage: reply };
    worker.onmessage({ data: port });
    return port;
}

function varint(number) {
    const bytes = [];
    for (; number > 127; number = Math.floor(number / 128)) {
        bytes.push((number % 128) + 128);
    }
    return Buffer.from([...bytes, number]);
}

const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field, value) => Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);

/** The fields of a message that have a length. */
function fields(message) {
    const found = [];
    let at = 0;
    const next = () => {
        let [value, unit, byte] = [0, 1, 0];
        do {
            byte = message[at++];
            value += (byte % 128) * unit;
            unit *= 128;
        } while (byte > 127);
        return value;
    };
    while (at < message.length) {
        const key = next();
        const value = next();
        if (key % 8 === 2) {
            found.push([Math.floor(key / 8), message.subarray(at, at + value)]);
            at += value;
        }
    }
    return found;
}

let replies = [];
const port = start((reply) => replies.push(Buffer.from(reply)));
let sequence = 0;

/** Sends one request; gives that field of the replies, joined, which makes one message of its parts. */
function ask(method, argument, result) {
    replies = [];
    sequence += 1;
    const request = Buffer.concat([number(1, sequence), number(2, method), argument]);
    port.onmessage({ data: new Uint8Array(bytes(1, request)) });
    const all = fields(Buffer.concat(replies)).flatMap(([, reply]) => fields(reply));
    return Buffer.concat(all.filter(([field]) => field === result).map(([, value]) => value));
}

const nothing = Buffer.alloc(0);
const answers = {
    "/status": () => nothing,
    "/parse": (body) => ask(1, bytes(101, body), 201),
    "/notify_eof": () => ask(2, nothing, 0),
    "/query": (body) => ask(3, bytes(103, body), 203),
};

const server = http.createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
        const answer = answers[request.url](Buffer.concat(parts));
        response.writeHead(200, { "Content-Length": answer.length });
        response.end(answer);
    });
});
server.listen(Number(option("--http-port")), "localhost");
