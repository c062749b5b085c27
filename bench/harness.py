"""Contenders interleaved in one run: each round measures every contender once, in rotated order; ratios are
taken within rounds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

OURS = "miai"  # the names of our contenders begin so


class Contender(Protocol):
    """One way to do the work. `check` gives its result, compared before anything is timed; `measure` one
    sample, values by metric."""

    name: str

    def check(self) -> np.ndarray: ...

    def measure(self) -> dict[str, float]: ...


@dataclass
class Result:
    """Samples of each contender, by metric, a value a round; and why others are not among them."""

    entry: str
    title: str
    metric: str
    threads: int = 0
    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)  # of those left out: their output was another

    def quartiles(self, name: str, metric: str | None = None) -> tuple[float, float, float]:
        """Quartile, median, quartile of a contender's samples."""
        return _quartiles(np.array(self.samples[name][metric or self.metric]))

    def ratio(self, name: str, to: str) -> tuple[float, float, float]:
        """Quartile, median, quartile of value(to) / value(name) over rounds: above 1, `name` is better."""
        values = (np.array(self.samples[n][self.metric]) for n in (to, name))
        return _quartiles(next(values) / next(values))

    @property
    def is_bad(self) -> bool:
        """Whether outputs differed, or one of ours could not be measured."""
        return bool(self.differing) or any(name.startswith(OURS) for name in self.left_out)

    @property
    def ours(self) -> list[str]:
        """Names of our contenders."""
        return [name for name in self.samples if name.startswith(OURS)]


def _quartiles(values: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float(low), float(middle), float(high)


def difference(result: np.ndarray, reference: np.ndarray) -> float:
    """The largest difference relative to the reference's largest value, or to 1 where that is smaller;
    infinite where shapes differ or a value is no number."""
    result, reference = np.asarray(result, "float64"), np.asarray(reference, "float64")
    if result.shape != reference.shape:
        return float("inf")
    worst = float(np.abs(result - reference).max()) / max(1.0, float(np.abs(reference).max()))
    return worst if np.isfinite(worst) else float("inf")


def check_equal(contenders: Sequence[Contender], tolerance: float, result: Result) -> list[Contender]:
    """The contenders whose results are within `tolerance` of the first's; notes the others in the result."""
    agreeing: list[Contender] = []
    reference = np.empty(0)
    for contender in contenders:
        try:
            output = contender.check()
        except Exception as error:  # a peer that fails is left out, with its reason
            result.left_out[contender.name] = f"{error}"
            continue
        reference = output if not agreeing else reference
        worst = difference(output, reference)
        if worst > tolerance:
            result.differing.append(contender.name)
            result.left_out[contender.name] = (
                f"differs from {agreeing[0].name} by {worst:.3g}, more than {tolerance:g}"
                if agreeing
                else "its result is not finite"
            )
            continue
        agreeing.append(contender)
    return agreeing


def compare(
    result: Result, contenders: Sequence[Contender], *, rounds: int, tolerance: float, pause: float = 0.05
) -> Result:
    """Checks that the contenders agree, and measures those that do in `rounds` rounds. Between two contenders
    lie `pause` seconds, in which waiting threads of the one before go to sleep."""
    agreeing = check_equal(contenders, tolerance, result)
    for i in range(rounds):
        turn = i % max(1, len(agreeing))
        for contender in agreeing[turn:] + agreeing[:turn]:
            time.sleep(pause)
            for metric, value in contender.measure().items():
                result.samples.setdefault(contender.name, {}).setdefault(metric, []).append(value)
    return result
