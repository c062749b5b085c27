"""One operator that ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Event(NamedTuple):
    """An eager call, or an instruction of a traced program.

    `line` is the user's, as in errors. Times are nanoseconds, `start_ns` from the start of the profile.
    `inputs` and `outputs` are texts such as "float32[2, 3]" ("none": an input that was not given). `flops`
    are operations as far as they are counted: those of matrix products and convolutions (a multiplication and
    an addition are two), and one for each instruction of a pointwise expression and element; 0 for others.
    `bytes` are those of all operands. `thread` is the system's number of the thread that ran it,
    `instruction` the place in its program, as `trace.explain` lists them (None: eager). `is_repeated`: it
    computes again what was dropped for memory.
    """

    op: str
    kernel: str
    line: str
    start_ns: int
    duration_ns: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    flops: float
    bytes: float
    device: str
    thread: int
    instruction: int | None
    is_repeated: bool

    @property
    def end_ns(self) -> int:
        return self.start_ns + self.duration_ns


def self_times(events: Sequence[Event]) -> list[int]:
    """Nanoseconds of each event less those of the events within it (a Python function in a program may call
    operators)."""
    own = [event.duration_ns for event in events]
    within: list[int] = []  # events that the one at hand may lie in, innermost last
    for i in sorted(range(len(events)), key=lambda i: _place(events[i])):
        while within and not _contains(events[within[-1]], events[i]):
            within.pop()
        if within:
            own[within[-1]] -= events[i].duration_ns
        within.append(i)
    return own


def _place(event: Event) -> tuple[int, int, int]:
    return event.thread, event.start_ns, -event.end_ns


def _contains(outer: Event, inner: Event) -> bool:
    return outer.thread == inner.thread and inner.end_ns <= outer.end_ns
