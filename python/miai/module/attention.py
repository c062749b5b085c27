"""Attention with several heads."""

from __future__ import annotations

import math
from typing import Any

from .. import _core
from .. import functional as F
from ..dtype import is_floating
from ..tensor import Parameter, Tensor
from . import init
from ._parameters import check_only, check_positive, parameter
from .linear import Linear
from .module import Module


def _allowed(mask: Tensor) -> Tensor:
    """A mask of this module as the operator takes it: True marks keys to leave out here, to take there."""
    return mask if is_floating(mask.dtype) else F.logical_not(mask)


def _added(mask: Tensor, like: Tensor) -> Tensor:
    """A mask as numbers that are added."""
    if is_floating(mask.dtype):
        return mask
    zero, none = (F.full((), value, dtype=like.dtype, device=like.device) for value in (0.0, -math.inf))
    return F.where(mask, zero, none)


class MultiheadAttention(Module):
    """Attention of `num_heads` heads between projections of query, key and value. Vaswani et al., 2017.

    Arguments, masks and parameters as in PyTorch: in_proj_weight (3 * embed_dim, embed_dim) and in_proj_bias,
    or q_proj_weight, k_proj_weight and v_proj_weight where kdim or vdim differ from embed_dim; out_proj.

    Args:
        dropout: share of the attention weights that are dropped in training.
        kdim: features of keys; None for embed_dim. As vdim of values.
        batch_first: sequences are (batch, time, features), else (time, batch, features).

    Takes query, key, value (rank 3, or 2 without the batch) and masks; gives (out, weights), weights
    (batch, queries, keys), an average of the heads unless average_attn_weights is False, and None unless
    need_weights.

    key_padding_mask: (batch, keys); attn_mask: (queries, keys) or (batch * num_heads, queries, keys). Bool
    ones are True where a key is *left out*, numbers are added. With is_causal query i takes part in keys 0 to
    i alone, and attn_mask is not read.

    >>> import miai as mi
    >>> x = mi.functional.ones((2, 5, 8))
    >>> out, weights = MultiheadAttention(8, 2, batch_first=True)(x, x, x)
    >>> out.shape, weights.shape
    ((2, 5, 8), (2, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        kind = "MultiheadAttention"
        kdim = embed_dim if kdim is None else kdim
        vdim = embed_dim if vdim is None else vdim
        check_positive(kind, embed_dim=embed_dim, num_heads=num_heads, kdim=kdim, vdim=vdim)
        check_only(kind, "add_bias_kv", add_bias_kv, False)
        check_only(kind, "add_zero_attn", add_zero_attn, False)
        if embed_dim % num_heads:
            raise ValueError(
                f"{kind}: argument 'num_heads': expected a divisor of embed_dim ({embed_dim}), "
                f"got {num_heads}"
            )
        if not 0 <= dropout <= 1:
            raise ValueError(f"{kind}: argument 'dropout': expected a number in [0, 1], got {dropout}")
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.in_proj_weight: Parameter | None = None
        if kdim == embed_dim and vdim == embed_dim:
            self.in_proj_weight = parameter(3 * embed_dim, embed_dim)
        else:
            self.q_proj_weight = parameter(embed_dim, embed_dim)
            self.k_proj_weight = parameter(embed_dim, kdim)
            self.v_proj_weight = parameter(embed_dim, vdim)
        self.in_proj_bias: Parameter | None = parameter(3 * embed_dim) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Projections by xavier_uniform_, biases 0."""
        for weight in self._projections():
            init.xavier_uniform_(weight)
        self.out_proj.reset_parameters()
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)

    def _projections(self) -> tuple[Parameter, ...]:
        """The one weight of query, key and value, or the three."""
        if self.in_proj_weight is not None:
            return (self.in_proj_weight,)
        return self.q_proj_weight, self.k_proj_weight, self.v_proj_weight

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        if query.ndim not in (2, 3):
            raise ValueError(
                "MultiheadAttention: argument 'query': expected rank 3, or 2 without the batch, got rank "
                f"{query.ndim} (shape {list(query.shape)})"
            )
        if query.ndim == 2:
            axis = 0 if self.batch_first else 1
            batched = [F.expand_dims(x, axis) for x in (query, key, value)]
            if key_padding_mask is not None:
                key_padding_mask = F.expand_dims(key_padding_mask, 0)
            out, weights = self._attend(
                batched, key_padding_mask, need_weights, attn_mask, average_attn_weights, is_causal
            )
            return F.squeeze(out, axis), None if weights is None else F.squeeze(weights, 0)
        return self._attend(
            [query, key, value], key_padding_mask, need_weights, attn_mask, average_attn_weights, is_causal
        )

    def _attend(
        self,
        inputs: list[Tensor],
        key_padding_mask: Tensor | None,
        need_weights: bool,
        attn_mask: Tensor | None,
        average: bool,
        is_causal: bool,
    ) -> tuple[Tensor, Tensor | None]:
        q, k, v = (self._heads(x) for x in self._project(inputs))
        mask = self._mask(q, k, None if is_causal else attn_mask, key_padding_mask)
        drop = self.dropout if self.training else 0.0
        if need_weights:
            weights = F.dropout(_core.op("attention_weights")(q, k, mask, is_causal=is_causal), drop)
            out = F.matmul(weights, v)
        else:
            weights = None
            out = F.scaled_dot_product_attention(q, k, v, mask, drop, is_causal)
        out = self.out_proj(self._joined(out))
        if weights is not None and average:
            weights = F.mean(weights, 1)
        return out, weights

    def _project(self, inputs: list[Tensor]) -> list[Tensor]:
        """Query, key and value, each projected; by one product where they are one tensor."""
        bias = self.in_proj_bias
        if self.in_proj_weight is not None and inputs[0] is inputs[1] is inputs[2]:
            return list(F.split(F.linear(inputs[0], self.in_proj_weight, bias), 3, axis=-1))
        weights: Any = self._projections()
        weights = F.split(weights[0], 3, axis=0) if len(weights) == 1 else weights
        biases = [None] * 3 if bias is None else F.split(bias, 3, axis=0)
        return [F.linear(x, w, b) for x, w, b in zip(inputs, weights, biases, strict=True)]

    def _heads(self, x: Tensor) -> Tensor:
        """(batch, heads, time, features of a head)."""
        x = F.reshape(x, (*x.shape[:2], self.num_heads, self.embed_dim // self.num_heads))
        return F.transpose(x, (0, 2, 1, 3) if self.batch_first else (1, 2, 0, 3))

    def _joined(self, x: Tensor) -> Tensor:
        x = F.transpose(x, (0, 2, 1, 3) if self.batch_first else (2, 0, 1, 3))
        return F.reshape(x, (*x.shape[:2], self.embed_dim))

    def _mask(self, q: Tensor, k: Tensor, attn_mask: Tensor | None, padding: Tensor | None) -> Tensor | None:
        """Both masks as one that broadcasts to (batch, heads, queries, keys)."""
        masks = []
        if attn_mask is not None:
            mask = _allowed(attn_mask)
            masks.append(F.reshape(mask, (*q.shape[:3], k.shape[2])) if mask.ndim == 3 else mask)
        if padding is not None:
            masks.append(F.reshape(_allowed(padding), (k.shape[0], 1, 1, k.shape[2])))
        if len(masks) < 2:
            return masks[0] if masks else None
        if any(is_floating(mask.dtype) for mask in masks):
            return _added(masks[0], q) + _added(masks[1], q)
        return F.logical_and(masks[0], masks[1])

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, {self.num_heads}, dropout={self.dropout}, batch_first={self.batch_first}"
