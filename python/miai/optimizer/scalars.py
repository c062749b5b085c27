"""Numbers of a step in the dtype and on the device of a parameter, each computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor


class Scalars:
    """What `make` gives for a step count (None where there is none): float64 tensors of rank 0, cast when
    asked for."""

    def __init__(self, make: Callable[[Any], tuple[Tensor, ...]]) -> None:
        self._make = make
        self._sources: dict[int, tuple[Tensor, ...]] = {}
        self._cast: dict[tuple[Any, ...], tuple[Tensor, ...]] = {}

    def get(self, like: Tensor, clock: Tensor | None = None) -> tuple[Tensor, ...]:
        """The numbers for arithmetic with `like`."""
        place = (id(clock), like.dtype, like.device)
        numbers = self._cast.get(place)
        if numbers is None:
            if id(clock) not in self._sources:
                self._sources[id(clock)] = self._make(clock)
            numbers = tuple(n.astype(like.dtype).to(like.device) for n in self._sources[id(clock)])
            self._cast[place] = numbers
        return numbers
