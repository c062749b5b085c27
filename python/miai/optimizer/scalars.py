"""Numbers of a group in the dtype and on the device of a parameter, each computed once a step."""

from __future__ import annotations

from collections.abc import Callable

from ..tensor import Tensor
from .param_group import ParamGroup


class Scalars:
    """Numbers of one group for one step. What is derived is computed in float64 and cast at the end."""

    def __init__(self, group: ParamGroup) -> None:
        self.group = group
        self._made: dict[tuple[object, ...], Tensor] = {}

    def get(self, like: Tensor, key: str, index: int = 0) -> Tensor:
        """A number of the group, for arithmetic with `like`."""
        return self.derive(like, (key, index), lambda: self.group.cell(key, index))

    def derive(self, like: Tensor, key: tuple[object, ...], make: Callable[[], Tensor]) -> Tensor:
        """What `make` gives, made once for each key, dtype and device."""
        place = (*key, str(like.dtype), like.device)
        if place not in self._made:
            source = self._made.get(key)
            if source is None:
                source = self._made[key] = make()
            self._made[place] = source.astype(like.dtype).to(like.device)
        return self._made[place]
