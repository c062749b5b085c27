"""Transformer encoders."""

from __future__ import annotations

import copy
from collections.abc import Callable

from .. import functional as F
from ..tensor import Tensor
from ._parameters import check_positive
from .attention import MultiheadAttention
from .linear import Linear
from .module import Module
from .sample_norm import LayerNorm
from .simple import Dropout

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"relu": F.relu, "gelu": F.gelu}


class TransformerEncoderLayer(Module):
    """Self-attention and two linear maps, each with a residual connection and layer norm. Vaswani et al.,
    2017.

    Arguments and parameters as in PyTorch: self_attn, linear1, linear2, norm1, norm2.

    Args:
        activation: "relu", "gelu", or a function.
        batch_first: sequences are (batch, time, features), else (time, batch, features).
        norm_first: norms stand before attention and linear maps, else behind the sums.

    >>> import miai as mi
    >>> layer = TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=True).eval()
    >>> layer(mi.functional.ones((2, 5, 8))).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if isinstance(activation, str) and activation not in _ACTIVATIONS:
            raise ValueError(
                "TransformerEncoderLayer: argument 'activation': expected 'relu', 'gelu' or a function, "
                f"got {activation!r}"
            )
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first)
        self.linear1 = Linear(d_model, dim_feedforward, bias)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = _ACTIVATIONS[activation] if isinstance(activation, str) else activation

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        def attend(x: Tensor) -> Tensor:
            out, _ = self.self_attn(
                x, x, x, src_key_padding_mask, need_weights=False, attn_mask=src_mask, is_causal=is_causal
            )
            return self.dropout1(out)

        if self.norm_first:
            src = src + attend(self.norm1(src))
            return src + self._feed_forward(self.norm2(src))
        src = self.norm1(src + attend(src))
        return self.norm2(src + self._feed_forward(src))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoder(Module):
    """`num_layers` copies of a layer, one after the other, and a norm at the end if given. As in PyTorch the
    copies start with the same values.

    >>> import miai as mi
    >>> layer = TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=True)
    >>> encoder = TransformerEncoder(layer, 2).eval()
    >>> encoder(mi.functional.ones((2, 5, 8)), is_causal=True).shape
    (2, 5, 8)
    """

    def __init__(
        self, encoder_layer: Module, num_layers: int, norm: Module | None = None, name: str | None = None
    ) -> None:
        super().__init__(name)
        check_positive("TransformerEncoder", num_layers=num_layers)
        self.layers = [copy.deepcopy(encoder_layer) for _ in range(num_layers)]
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal)
        return src if self.norm is None else self.norm(src)
