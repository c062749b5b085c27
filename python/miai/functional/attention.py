"""Attention with dropout, which the operator alone has not."""

from __future__ import annotations

from .. import _core
from ..tensor import Tensor
from .nn import dropout


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """softmax(query @ key.T * scale + attn_mask) @ value, for query (..., L, E), key (..., S, E) and value
    (..., S, V). Vaswani et al., 2017; arguments as in PyTorch.

    Args:
        attn_mask: broadcasts to (..., L, S): bool, True where a key takes part, or numbers that are added. A
            query without any key gives zeros.
        dropout_p: share of the weights that are dropped, whether in training or not.
        is_causal: query i takes part in keys 0 to i alone, and of these in those that a mask leaves.
        scale: None for 1 / sqrt(E).

    >>> import miai.functional as F
    >>> scaled_dot_product_attention(F.ones((2, 3, 4)), F.ones((2, 5, 4)), F.ones((2, 5, 6))).shape
    (2, 3, 6)
    """
    options = {"is_causal": is_causal, "scale": scale}
    if dropout_p == 0:
        return _core.op("scaled_dot_product_attention")(query, key, value, attn_mask, **options)
    weights = _core.op("attention_weights")(query, key, attn_mask, **options)
    return _core.op("matmul")(dropout(weights, dropout_p), value)
