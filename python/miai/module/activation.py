"""Activations as modules: each calls the function of its name."""

from __future__ import annotations

from .. import functional as F
from ..tensor import Tensor
from .module import Module


class ReLU(Module):
    """max(x, 0).

    >>> import miai as mi
    >>> ReLU()(mi.tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """

    def forward(self, inp: Tensor) -> Tensor:
        return F.relu(inp)


class ReLU6(Module):
    """min(max(x, 0), 6)."""

    def forward(self, inp: Tensor) -> Tensor:
        return F.relu6(inp)


class LeakyReLU(Module):
    """x where x > 0, else negative_slope * x."""

    def __init__(self, negative_slope: float = 0.01, name: str | None = None) -> None:
        super().__init__(name)
        self.negative_slope = negative_slope

    def forward(self, inp: Tensor) -> Tensor:
        return F.leaky_relu(inp, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """x where x > 0, else alpha * (exp(x) - 1). Clevert et al., 2015."""

    def __init__(self, alpha: float = 1.0, name: str | None = None) -> None:
        super().__init__(name)
        self.alpha = alpha

    def forward(self, inp: Tensor) -> Tensor:
        return F.elu(inp, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class Sigmoid(Module):
    """1 / (1 + exp(-x))."""

    def forward(self, inp: Tensor) -> Tensor:
        return F.sigmoid(inp)


class Tanh(Module):
    """tanh(x)."""

    def forward(self, inp: Tensor) -> Tensor:
        return F.tanh(inp)


class GELU(Module):
    """x times the normal distribution's share below x. Hendrycks and Gimpel, 2016."""

    def forward(self, inp: Tensor) -> Tensor:
        return F.gelu(inp)


class SiLU(Module):
    """x * sigmoid(x)."""

    def forward(self, inp: Tensor) -> Tensor:
        return F.silu(inp)


class Softplus(Module):
    """log(1 + exp(x))."""

    def forward(self, inp: Tensor) -> Tensor:
        return F.softplus(inp)


class Softmax(Module):
    """exp(x) over its sum along an axis; if None, axis 0 for ranks 0, 1 and 3, else 1, as MegEngine has it.

    >>> import miai as mi
    >>> Softmax(axis=-1)(mi.tensor([[0.0, 0.0]]))
    Tensor([[0.5, 0.5]])
    """

    def __init__(self, axis: int | None = None, name: str | None = None) -> None:
        super().__init__(name)
        self.axis = axis

    def forward(self, inp: Tensor) -> Tensor:
        axis = self.axis if self.axis is not None else 0 if inp.ndim in (0, 1, 3) else 1
        return F.softmax(inp, axis)

    def extra_repr(self) -> str:
        return f"axis={self.axis}"
