"""Contenders interleaved in one run: each round times every contender once, in rotated order; ratios are
taken within rounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Contender:
    """One way to do the work. `run` does it once; `check` gives its result, compared before anything is
    timed."""

    name: str
    run: Callable[[], Any]
    check: Callable[[], np.ndarray] | None = None


@dataclass
class Result:
    """Seconds of each contender in each round."""

    benchmark: str
    seconds: dict[str, list[float]]

    def median(self, name: str) -> float:
        """Median seconds of a contender."""
        return float(np.median(self.seconds[name]))

    def ratio(self, name: str, to: str) -> tuple[float, float, float]:
        """Quartile, median, quartile of time(to) / time(name) over rounds: above 1, `name` is faster."""
        ratios = np.array(self.seconds[to]) / np.array(self.seconds[name])
        low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
        return float(low), float(middle), float(high)

    def as_dict(self, ours: str) -> dict[str, Any]:
        """For JSON."""
        peers = [n for n in self.seconds if n != ours]
        return {
            "benchmark": self.benchmark,
            "median_seconds": {name: self.median(name) for name in self.seconds},
            "ratios_to_ours": {name: self.ratio(ours, name) for name in peers},
        }


def check_equal(contenders: list[Contender], tolerance: float) -> None:
    """Raises AssertionError if two contenders differ by more than `tolerance`, relative to the first's
    largest value."""
    results = [(c.name, np.asarray(c.check(), dtype="float64")) for c in contenders if c.check is not None]
    for name, result in results[1:]:
        scale = max(1.0, float(np.abs(results[0][1]).max()))
        worst = float(np.abs(result - results[0][1]).max()) / scale
        assert worst <= tolerance, f"{name} differs from {results[0][0]} by {worst:.3g}"


def compare(
    benchmark: str, contenders: list[Contender], *, rounds: int = 15, inner: int = 1, tolerance: float = 1e-3
) -> Result:
    """Checks that the contenders agree, warms each up, and times `rounds` rounds of `inner` runs each."""
    check_equal(contenders, tolerance)
    for contender in contenders:
        for _ in range(max(3, inner // 10)):
            contender.run()
    seconds: dict[str, list[float]] = {c.name: [] for c in contenders}
    for i in range(rounds):
        for contender in contenders[i % len(contenders) :] + contenders[: i % len(contenders)]:
            begin = time.perf_counter()
            for _ in range(inner):
                contender.run()
            seconds[contender.name].append((time.perf_counter() - begin) / inner)
    return Result(benchmark, seconds)
