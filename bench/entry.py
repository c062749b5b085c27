"""What an entry of the suite is: a title, contenders, and how they are measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.workload import Workload


@dataclass(frozen=True)
class Context:
    """What a contender's process is told: a folder for files that contenders share, the number of threads,
    and the clock's time (`time.perf_counter`) when the process was started."""

    entry: str
    folder: Path
    threads: int
    begin: float = 0.0


class Runner(NamedTuple):
    """A contender that stays: `run` does the work once and waits for it; `check` gives what is compared
    before anything is timed, and leaves what `run` reads as it was."""

    run: Callable[[], Any]
    check: Callable[[], np.ndarray]


class Measured(NamedTuple):
    """What a process of its own found: values by metric, and the output that is compared."""

    values: dict[str, float]
    output: np.ndarray


Maker = Callable[[Context], Any]  # a Runner; of an entry with `is_fresh`, a Measured


def from_peer(module: str, function: str, *arguments: Any, **options: Any) -> Maker:
    """A contender made by a function of ``bench.peers.<module>``, which only its own process imports."""

    def make(context: Context) -> Any:
        return getattr(import_module(f"bench.peers.{module}"), function)(context, *arguments, **options)

    return make


@dataclass(frozen=True)
class Entry:
    """A benchmark.

    Attributes:
        title: what is done, for the table.
        contenders: by name; those that are ours begin with "miai". What the others give must be within
            `tolerance` of the first's, relative to its largest value (or 1).
        rounds: how often each is measured.
        metric: what ratios are of, one of `UNITS`.
        is_fresh: whether each measurement is a process of its own, else each contender is one.
        workload: the network that files in the folder are made of.
    """

    title: str
    contenders: dict[str, Maker]
    tolerance: float = 1e-3
    rounds: int = 15
    metric: str = "wall"
    is_fresh: bool = False
    workload: Workload | None = None


# Metrics, with what one is printed in. All are better when smaller.
UNITS = {
    "wall": "s",
    "cpu": "s",
    "import": "s",
    "load": "s",
    "first": "s",
    "peak": "B",
    "steady peak": "B",
    "resident": "B",
    "growth": "B",
    "planned": "B",
}
