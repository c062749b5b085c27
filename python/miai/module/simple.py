"""Identity, Flatten, Dropout."""

from __future__ import annotations

from .. import functional as F
from ..tensor import Tensor
from .module import Module


class Identity(Module):
    """Its input; stands where a module may be left out."""

    def forward(self, inp: Tensor) -> Tensor:
        return inp


class Flatten(Module):
    """Axes start_axis to end_axis made one: the features of each sample by default.

    >>> import miai as mi
    >>> Flatten()(mi.functional.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, start_axis: int = 1, end_axis: int = -1, name: str | None = None) -> None:
        super().__init__(name)
        self.start_axis = start_axis
        self.end_axis = end_axis

    def forward(self, inp: Tensor) -> Tensor:
        return F.flatten(inp, self.start_axis, self.end_axis)

    def extra_repr(self) -> str:
        return f"start_axis={self.start_axis}, end_axis={self.end_axis}"


class Dropout(Module):
    """In training zeroes elements with probability `drop_prob` and scales the others by 1 / (1 - drop_prob).

    Srivastava et al., 2014. (PyTorch's default is 0.5, MegEngine's, which holds here, 0.)

    >>> import miai as mi
    >>> Dropout(0.5).eval()(mi.tensor([1.0, 2.0]))
    Tensor([1., 2.])
    """

    def __init__(self, drop_prob: float = 0.0, name: str | None = None) -> None:
        super().__init__(name)
        if not 0 <= drop_prob <= 1:
            raise ValueError(f"Dropout: argument 'drop_prob': expected a number in [0, 1], got {drop_prob}")
        self.drop_prob = drop_prob

    def forward(self, inp: Tensor) -> Tensor:
        return F.dropout(inp, self.drop_prob, self.training)

    def extra_repr(self) -> str:
        return f"drop_prob={self.drop_prob}"
