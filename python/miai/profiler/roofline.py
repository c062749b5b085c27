"""What the machine can do at most, and how near to that operators come.

Source: Williams, Waterman, Patterson, "Roofline: an insightful visual performance model for multicore
architectures", CACM 52 (2009).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import _core, functional, random
from .averages import Average
from .profile import profile

_MATMUL_SIZE = 1024
_COPY_BYTES = 128 * 2**20
_TRIES = 5
_LABELS = 8  # of the nodes that take longest


class Machine(NamedTuple):
    """Operations and bytes a second at most, measured with so many threads."""

    flops: float
    bytes: float
    threads: int

    def least_seconds(self, flops: float, bytes: float) -> float:
        """What work needs at least whose operands all come from memory and go there."""
        return max(flops / self.flops, bytes / self.bytes)

    def __str__(self) -> str:
        size = _MATMUL_SIZE
        return (
            f"{self.flops / 1e9:.1f} GFLOP/s (a float32 matmul of {size} x {size}), "
            f"{self.bytes / 1e9:.2f} GB/s (a copy of {_COPY_BYTES >> 20} MiB), {self.threads} threads"
        )


def measure_machine() -> Machine:
    """The best of some matrix products and of some copies, with the threads set now."""
    matrix = random.normal(size=(_MATMUL_SIZE, _MATMUL_SIZE))
    block = functional.full((_COPY_BYTES // 4,), 1.0)
    with profile() as p:
        for _ in range(_TRIES):
            functional.matmul(matrix, matrix)
            functional.copy(block)
    flops = max(e.flops / e.duration_ns for e in p.events if e.op == "matmul")
    bytes = max(e.bytes / e.duration_ns for e in p.events if e.op == "copy")
    return Machine(flops * 1e9, bytes * 1e9, _core.thread_count())


def part_of_roof(machine: Machine, node: Average) -> float:
    """Achieved over possible; above 1 where operands come from caches."""
    return machine.least_seconds(node.flops, node.bytes) / node.total if node.total else 1.0


def draw_roofline(machine: Machine, nodes: Sequence[Average], path: Any, title: str) -> None:
    """Writes a picture: the roof, and a point for each node whose operations are counted.

    Raises:
        ImportError: there is no matplotlib.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("roofline.png needs matplotlib: pip install matplotlib") from error
    figure = Figure(figsize=(9, 6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    points = [node for node in nodes if node.flops]
    intensities = [node.flops / node.bytes for node in points]
    ridge = machine.flops / machine.bytes
    left, right = min([ridge, *intensities]) / 4, max([ridge, *intensities]) * 4
    axes.plot(
        [left, ridge, right], [left * machine.bytes / 1e9, machine.flops / 1e9, machine.flops / 1e9], "k-"
    )
    axes.scatter(intensities, [n.gflops for n in points], s=[20 + 1500 * n.share for n in points], alpha=0.5)
    for i, (node, x) in enumerate(list(zip(points, intensities, strict=True))[:_LABELS]):
        angle = 2 * math.pi * i / _LABELS  # labels of points that lie together point away from each other
        axes.annotate(
            str(node.instruction), (x, node.gflops), fontsize=8, textcoords="offset points",
            xytext=(24 * math.cos(angle), 24 * math.sin(angle)), arrowprops={"arrowstyle": "-", "lw": 0.5},
        )  # fmt: skip
    names = [f"{n.instruction} {n.op} {n.share:.1%}" for n in points[:_LABELS]]
    axes.text(0.99, 0.06, "\n".join(names), transform=axes.transAxes, ha="right", fontsize=8)
    axes.set(xscale="log", yscale="log", xlim=(left, right))
    axes.set_xlabel("operations per byte")
    axes.set_ylabel("GFLOP/s")
    hidden = sum(node.share for node in nodes if not node.flops)
    axes.set_title(f"{title}\n{machine}", fontsize=9)
    axes.text(
        0.99, 0.01, f"size: share of the time; not drawn, as their operations are not counted: {hidden:.0%}",
        transform=axes.transAxes, ha="right", fontsize=8,
    )  # fmt: skip
    axes.grid(True, which="both", alpha=0.2)
    figure.savefig(path, dpi=120)
