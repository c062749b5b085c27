"""One step of recurrent layers, written with plain operators: gradients of every order."""

from __future__ import annotations

import math

from .. import functional as F
from ..tensor import Parameter, Tensor
from . import init
from ._parameters import check_positive, parameter
from .module import Module


class _Cell(Module):
    """What cells of every kind share: parameters of PyTorch's names and shapes."""

    _gates = 0

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, name: str | None = None) -> None:
        super().__init__(name)
        check_positive(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.weight_ih = parameter(self._gates * hidden_size, input_size)
        self.weight_hh = parameter(self._gates * hidden_size, hidden_size)
        self.bias_ih: Parameter | None = parameter(self._gates * hidden_size) if bias else None
        self.bias_hh: Parameter | None = parameter(self._gates * hidden_size) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws every parameter anew, evenly within 1 / sqrt(hidden_size)."""
        limit = 1.0 / math.sqrt(self.hidden_size)
        for tensor in self.parameters():
            init.uniform_(tensor, -limit, limit)

    def _start(self, inp: Tensor) -> Tensor:
        return F.zeros((*inp.shape[:-1], self.hidden_size), dtype=inp.dtype, device=inp.device)

    def _parts(self, inp: Tensor, h: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Each gate's projection of the input, and its recurrent part."""
        both = (F.linear(inp, self.weight_ih, self.bias_ih), F.linear(h, self.weight_hh, self.bias_hh))
        p, u = (F.split(x, self._gates, axis=-1) for x in both)
        return list(p), list(u)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias_ih is not None else ", bias=False")


class RNNCell(_Cell):
    """One step of RNN: (batch, input_size) and h (batch, hidden_size), zeros if None, to the next h.

    >>> import miai as mi
    >>> RNNCell(3, 4)(mi.functional.ones((2, 3))).shape
    (2, 4)
    """

    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        name: str | None = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"RNNCell: argument 'nonlinearity': expected 'tanh' or 'relu', got {nonlinearity!r}"
            )
        super().__init__(input_size, hidden_size, bias, name)
        self.nonlinearity = nonlinearity

    def forward(self, inp: Tensor, h: Tensor | None = None) -> Tensor:
        p, u = self._parts(inp, self._start(inp) if h is None else h)
        return F.tanh(p[0] + u[0]) if self.nonlinearity == "tanh" else F.relu(p[0] + u[0])


class GRUCell(_Cell):
    """One step of GRU: (batch, input_size) and h (batch, hidden_size), zeros if None, to the next h.

    >>> import miai as mi
    >>> GRUCell(3, 4)(mi.functional.ones((2, 3))).shape
    (2, 4)
    """

    _gates = 3

    def forward(self, inp: Tensor, h: Tensor | None = None) -> Tensor:
        h = self._start(inp) if h is None else h
        p, u = self._parts(inp, h)
        r, z = F.sigmoid(p[0] + u[0]), F.sigmoid(p[1] + u[1])
        n = F.tanh(p[2] + r * u[2])
        return n + z * (h - n)


class LSTMCell(_Cell):
    """One step of LSTM: (batch, input_size) and (h, c), (batch, hidden_size) each, zeros if None, to the next
    pair.

    >>> import miai as mi
    >>> h, c = LSTMCell(3, 4)(mi.functional.ones((2, 3)))
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """

    _gates = 4

    def forward(self, inp: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        h, c = (self._start(inp), self._start(inp)) if hx is None else hx
        p, u = self._parts(inp, h)
        i, f, o = (F.sigmoid(p[k] + u[k]) for k in (0, 1, 3))
        c = f * c + i * F.tanh(p[2] + u[2])
        return o * F.tanh(c), c
