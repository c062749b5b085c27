"""What a plan needs in memory, in numbers and as a picture."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ..sizes import format_bytes
from .arena_picture import draw_html, draw_png


class RepeatedOp(NamedTuple):
    """An operator that runs once more than the program says, to compute what was dropped for memory."""

    op: str
    line: str
    bytes: int
    seconds: float


class ArenaBlock(NamedTuple):
    """What lies at one place of the arena from instruction `first`, which writes it, to `last`."""

    offset: int
    bytes: int
    first: int
    last: int
    op: str
    line: str
    is_workspace: bool
    is_repeated: bool
    device: str


@dataclass(frozen=True)
class MemoryReport:
    """Bytes of a plan.

    `peak_bytes` is all that a call holds at most: inputs, states, outputs and the arena. `real_peak_bytes` is
    what the allocators counted in the plan's first call (None before it), `rss_bytes` the whole process now.
    `arena_bytes` is the memory that values inside the plan share, `lower_bound_bytes` the largest sum of them
    that live together, `commit_bytes` what is kept until states are written, `packed_bytes` weights in the
    forms of their kernels. `seconds` are those of the cost model, or measured where `fast_run` and a limit
    are on; `repeated` lists what is computed again because of `limit_bytes`.
    """

    peak_bytes: int
    limit_bytes: int
    arena_bytes: int
    lower_bound_bytes: int
    commit_bytes: int
    input_bytes: int
    state_bytes: int
    constant_bytes: int
    packed_bytes: int
    workspace_bytes: int
    output_bytes: int
    seconds: float
    repeated_seconds: float
    repeated: list[RepeatedOp] = field(repr=False)
    blocks: list[ArenaBlock] = field(repr=False)
    real_peak_bytes: int | None = None
    rss_bytes: int | None = None

    @property
    def added_time(self) -> float:
        """Time spent on computing again, as a part of the time without a limit."""
        rest = self.seconds - self.repeated_seconds
        return self.repeated_seconds / rest if rest else 0.0

    def __str__(self) -> str:
        names = ["peak", "real_peak", "limit", "arena", "lower_bound", "commit", "workspace"]
        names += ["input", "state", "constant", "packed", "output", "rss"]
        rows = []
        for name in names:
            value = getattr(self, f"{name}_bytes")
            if value:
                rows.append(f"{name.replace('_', ' '):>12}: {format_bytes(value):>12}")
        if self.repeated:
            rows.append(f"{len(self.repeated)} operators run again, for {self.added_time:.0%} more time:")
            for op, count in Counter(r.op for r in self.repeated).most_common():
                size = sum(r.bytes for r in self.repeated if r.op == op)
                rows.append(f"{count:>12} x {op}, {format_bytes(size)}")
        return "\n".join(rows)

    def plot(self, path: str | os.PathLike[str]) -> None:
        """Draws the arena over time into a picture (PNG, SVG or PDF, by the name). Needs matplotlib."""
        draw_png(self, Path(path))

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Writes the arena over time as one HTML file that needs nothing else."""
        draw_html(self, Path(path))


def report_memory(program: Any) -> MemoryReport:
    """The report of the plan that the program's last call used."""
    numbers = program.core.memory_report(program.shapes)
    numbers["repeated"] = [RepeatedOp(*r) for r in numbers["repeated"]]
    blocks = [ArenaBlock(*block) for block in program.core.arena_blocks(program.shapes)]
    return MemoryReport(
        **numbers,
        blocks=blocks,
        real_peak_bytes=program.core.real_peak() or None,
        rss_bytes=_resident_bytes(),
    )


def _resident_bytes() -> int | None:
    """Memory of the process as the system counts it, where it says."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
