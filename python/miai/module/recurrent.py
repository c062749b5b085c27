"""Recurrent layers over sequences: RNN, GRU, LSTM."""

from __future__ import annotations

import math
from typing import Any

from .. import _core
from .. import functional as F
from ..tensor import Parameter, Tensor
from . import init
from ._parameters import check_only, check_positive, parameter
from .module import Module


class _Recurrent(Module):
    """What recurrent layers of every kind of cell share."""

    _operator = ""
    _gates = 0
    _state_names: tuple[str, ...] = ("h0",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        kind = type(self).__name__
        check_positive(kind, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        check_only(kind, "proj_size", proj_size, 0)
        if not 0 <= dropout <= 1:
            raise ValueError(f"{kind}: argument 'dropout': expected a number in [0, 1], got {dropout}")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = dropout
        self.bidirectional = bidirectional
        for layer in range(num_layers):
            size = input_size if layer == 0 else hidden_size * self._directions
            for suffix in self._suffixes(layer):
                setattr(self, f"weight_ih_{suffix}", parameter(self._gates * hidden_size, size))
                setattr(self, f"weight_hh_{suffix}", parameter(self._gates * hidden_size, hidden_size))
                for which in ("ih", "hh") if bias else ():
                    setattr(self, f"bias_{which}_{suffix}", parameter(self._gates * hidden_size))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws every parameter anew, evenly within 1 / sqrt(hidden_size)."""
        limit = 1.0 / math.sqrt(self.hidden_size)
        for tensor in self.parameters():
            init.uniform_(tensor, -limit, limit)

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _suffixes(self, layer: int) -> list[str]:
        """The ends of parameter names of a layer, forward and backward."""
        return [f"l{layer}", f"l{layer}_reverse"][: self._directions]

    def _options(self) -> dict[str, Any]:
        """Attributes of the operator beside batch_first and reverse."""
        return {}

    def _check_state(self, name: str, state: Tensor, batch: Any) -> None:
        expected = (self.num_layers * self._directions, batch, self.hidden_size)
        if state.ndim != 3 or tuple(state.shape) != expected:
            raise ValueError(
                f"{type(self).__name__}: argument '{name}': expected shape {list(expected)}, "
                f"got {list(state.shape)}"
            )

    def _run(self, inp: Tensor, states: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        """All layers: the outputs, and one tensor (layers * directions, batch, hidden) a state."""
        kind = type(self).__name__
        if inp.ndim not in (2, 3):
            raise ValueError(
                f"{kind}: argument 'inp': expected rank 3, or 2 for one sequence, got rank {inp.ndim} "
                f"(shape {list(inp.shape)})"
            )
        single = inp.ndim == 2
        batch_axis = 0 if self.batch_first else 1
        if single:
            inp = F.expand_dims(inp, batch_axis)
            states = None if states is None else [F.expand_dims(state, 1) for state in states]
        for name, state in zip(self._state_names, states or [], strict=False):
            self._check_state(name, state, inp.shape[batch_axis])
        out, last = self._layers(inp, states)
        if single:
            return F.squeeze(out, batch_axis), [F.squeeze(state, 1) for state in last]
        return out, last

    def _layers(self, out: Tensor, states: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        ends: list[list[Tensor]] = [[] for _ in self._state_names]
        for layer in range(self.num_layers):
            if layer and self.dropout:
                out = F.dropout(out, self.dropout, self.training)
            outs = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                place = layer * self._directions + direction
                first = [None] * len(ends) if states is None else [state[place] for state in states]
                result, *last = _core.op(self._operator)(
                    out,
                    *(
                        self._parameter(name, suffix)
                        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
                    ),
                    *first,
                    batch_first=self.batch_first,
                    reverse=direction == 1,
                    **self._options(),
                )
                outs.append(result)
                for end, value in zip(ends, last, strict=True):
                    end.append(value)
            out = outs[0] if len(outs) == 1 else F.concat(outs, 2)
        return out, [F.stack(end, 0) for end in ends]

    def _parameter(self, name: str, suffix: str) -> Parameter | None:
        found: Parameter | None = getattr(self, f"{name}_{suffix}", None)
        return found

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        defaults: dict[str, Any] = {
            "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False,
        }  # fmt: skip
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text


class RNN(_Recurrent):
    """Layers of plain recurrent units, ``h = tanh(W_ih x + b_ih + W_hh h + b_hh)``, or relu. Elman, 1990.

    See GRU for arguments and shapes.

    >>> import miai as mi
    >>> out, h = RNN(3, 4, nonlinearity="relu")(mi.functional.ones((5, 2, 3)))
    >>> out.shape, h.shape
    ((5, 2, 4), (1, 2, 4))
    """

    _operator = "rnn"
    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        name: str | None = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: argument 'nonlinearity': expected 'tanh' or 'relu', got {nonlinearity!r}")
        self.nonlinearity = nonlinearity
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, name
        )

    def _options(self) -> dict[str, Any]:
        return {"nonlinearity": self.nonlinearity}

    def forward(self, inp: Tensor, h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        out, last = self._run(inp, None if h0 is None else [h0])
        return out, last[0]


class GRU(_Recurrent):
    """Layers of gated recurrent units over a sequence. Cho et al., 2014; see ``F.gru`` for the formula.

    Args:
        num_layers: layers on top of each other.
        batch_first: sequences are (batch, time, features), else (time, batch, features).
        dropout: probability of a zero between layers, in training.
        bidirectional: a second set of parameters reads backwards; features of both directions are joined.

    Takes inp (rank 3, or 2 for one sequence) and h0 (num_layers * directions, batch, hidden_size) or None for
    zeros; gives (out, h_n), of all steps of the last layer and of the last step of all layers. Parameters are
    named as in PyTorch: weight_ih_l0 (3 * hidden_size, input_size), weight_hh_l0, bias_ih_l0, bias_hh_l0, and
    so on, with _reverse at the end for the second direction; they start evenly within 1 / sqrt(hidden_size).

    >>> import miai as mi
    >>> out, h = GRU(3, 4, num_layers=2, batch_first=True, bidirectional=True)(mi.functional.ones((2, 5, 3)))
    >>> out.shape, h.shape
    ((2, 5, 8), (4, 2, 4))
    """

    _operator = "gru"
    _gates = 3

    def forward(self, inp: Tensor, h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        out, last = self._run(inp, None if h0 is None else [h0])
        return out, last[0]


class LSTM(_Recurrent):
    """Layers of long short-term memory over a sequence. Hochreiter and Schmidhuber, 1997.

    See GRU for arguments and shapes. The state is a pair: takes (h0, c0) or None, gives (out, (h_n, c_n)).

    >>> import miai as mi
    >>> out, (h, c) = LSTM(3, 4)(mi.functional.ones((5, 2, 3)))
    >>> out.shape, h.shape, c.shape
    ((5, 2, 4), (1, 2, 4), (1, 2, 4))
    """

    _operator = "lstm"
    _gates = 4
    _state_names = ("h0", "c0")

    def forward(
        self, inp: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        out, last = self._run(inp, None if hx is None else list(hx))
        return out, (last[0], last[1])
