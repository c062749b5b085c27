"""Step counts. Each parameter counts the steps in which it had a gradient; those that always moved together
share one tensor, so that what follows from the count (bias corrections) is computed once and not for every
parameter."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..tensor import Tensor

States = list[dict[str, Any]]


class Clocks:
    """The step counts of an optimizer: the entry "step" in the state of each parameter.

    `layout` rises when parameters that shared a count part ways: a trace that relied on it is then recorded
    anew.
    """

    def __init__(self) -> None:
        self.layout = 0

    def start(self, states: States) -> None:
        """One count of zero steps, for parameters that are new."""
        clock = _new_clock(0.0)
        for state in states:
            state["step"] = clock

    def load(self, states: States, counts: list[float]) -> None:
        """Sets each parameter's count; equal ones of one group are shared."""
        clocks = {count: _new_clock(count) for count in counts}
        for state, count in zip(states, counts, strict=True):
            state["step"] = clocks[count]
        self.layout += 1

    def advance(self, states: States, moving: States) -> None:
        """One step more for those that move. The others of the group keep their count, in a tensor of their
        own if they shared it with one that moves."""
        ticking = {id(state["step"]): state["step"] for state in moving}
        moved = {id(state) for state in moving}
        parted: dict[int, Tensor] = {}
        for state in states:
            shared = state["step"]
            if id(state) not in moved and id(shared) in ticking:
                state["step"] = parted.setdefault(id(shared), Tensor(shared, name=shared.name))
        self.layout += len(parted)
        if _core.is_recording():
            from ..jit import guards

            guards.note(self, "layout", self.layout)
        for clock in ticking.values():
            clock += 1


def _new_clock(count: float) -> Tensor:
    return Tensor(count, dtype="float64", name="optimizer.step")
