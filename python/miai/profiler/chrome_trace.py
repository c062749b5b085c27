"""Events in Chrome's trace format, which Perfetto reads.

Format: "Trace Event Format", https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from .event import Event


def write_chrome_trace(events: Sequence[Event], path: Any) -> None:
    pid = os.getpid()
    rows: list[dict[str, Any]] = [_name("process_name", pid, 0, "miai")]
    for thread in sorted({event.thread for event in events}):
        devices = sorted({event.device for event in events if event.thread == thread})
        rows.append(_name("thread_name", pid, thread, f"{', '.join(devices)} (thread {thread})"))
    rows += [_complete(event, pid) for event in sorted(events, key=lambda e: e.start_ns)]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"traceEvents": rows, "displayTimeUnit": "ns"}, file)


def _name(what: str, pid: int, thread: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": pid, "tid": thread, "args": {"name": name}}


def _complete(event: Event, pid: int) -> dict[str, Any]:
    """Times are microseconds; operations per nanosecond are 10**9 a second."""
    args: dict[str, Any] = {
        "line": event.line,
        "kernel": event.kernel,
        "inputs": list(event.inputs),
        "outputs": list(event.outputs),
        "bytes": event.bytes,
        "GB/s": round(event.bytes / event.duration_ns, 3),
        "device": event.device,
    }
    if event.flops:
        args |= {"flops": event.flops, "GFLOP/s": round(event.flops / event.duration_ns, 3)}
    if event.instruction is not None:
        args["instruction"] = event.instruction
    if event.is_repeated:
        args["repeated"] = True
    return {
        "ph": "X",
        "name": event.op,
        "cat": "eager" if event.instruction is None else "traced",
        "ts": event.start_ns / 1e3,
        "dur": event.duration_ns / 1e3,
        "pid": pid,
        "tid": event.thread,
        "args": args,
    }
