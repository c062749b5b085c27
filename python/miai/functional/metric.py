"""Measures of a model's output."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _core
from ..tensor import Tensor


def topk_accuracy(logits: Tensor, target: Tensor, topk: int | Sequence[int] = 1) -> Tensor | list[Tensor]:
    """Share of rows of `logits` (N, C) whose class `target` (N,) is among the k largest; a list for several
    k.

    >>> import miai as mi
    >>> topk_accuracy(mi.tensor([[0.1, 0.9], [0.8, 0.2]]), mi.tensor([1, 1]))
    Tensor(0.5)
    """
    own = _core.op("gather")(logits, index=target.reshape(-1, 1), axis=1)
    rank = (logits > own).astype("int64").sum(axis=1)
    counts = [topk] if isinstance(topk, int) else list(topk)
    result = [(rank < k).astype("float32").mean() for k in counts]
    return result[0] if isinstance(topk, int) else result
