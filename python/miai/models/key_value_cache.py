"""A cache of the keys and values of the tokens before, and attention over it."""

from __future__ import annotations

import math

from .. import functional as F
from .. import module as M
from ..tensor import Tensor


def _scores(query: Tensor, key: Tensor) -> Tensor:
    return F.matmul(query, key, transpose_b=True) * (1.0 / math.sqrt(query.shape[-1]))


def _causal_scores(query: Tensor, key: Tensor) -> Tensor:
    """Scores of keys that come after their query are -inf."""
    positions = F.arange(query.shape[2], dtype="int64", device=query.device)
    seen = positions <= F.expand_dims(positions, 1)
    return F.where(seen, _scores(query, key), -math.inf)


class KeyValueCache(M.Module):
    """Keys and values of the tokens that a decoder has read, at fixed size, so that a traced step has one
    program, whose states they are.

    Args:
        layers: layers of attention.
        shape: (batch, heads, length, features of a head); `length` is the most tokens that it holds.

    Raises IndexError where a call would exceed the length; the cache is then as before (in a trace).

    >>> cache = KeyValueCache(2, (1, 4, 16, 8))
    >>> cache.position.item(), cache.keys[0].shape
    (0, (1, 4, 16, 8))
    """

    def __init__(
        self,
        layers: int,
        shape: tuple[int, int, int, int],
        dtype: str = "float32",
        device: str | None = None,
    ) -> None:
        super().__init__()
        self.keys = [F.zeros(shape, dtype=dtype, device=device) for _ in range(layers)]
        self.values = [F.zeros(shape, dtype=dtype, device=device) for _ in range(layers)]
        self.position = F.zeros((), dtype="int64", device=device)
        for name, tensor in self.named_tensors("cache"):
            tensor.name = name  # what they are called in a model file

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Causal attention over the tokens before and those of the call, which are kept; all
        (N, heads, T, d)."""
        keys, values = self.keys[layer], self.values[layer]
        length = keys.shape[2]
        slots = F.arange(length, dtype="int64", device=keys.device)
        before = F.where(slots < self.position, _scores(query, keys), -math.inf)
        # The cache is read as it was before the call: only then may a plan write it in place.
        weights = F.softmax(F.concat([before, _causal_scores(query, key)], axis=-1), axis=-1)
        out = F.matmul(weights[..., :length], values) + F.matmul(weights[..., length:], value)
        places = F.arange(key.shape[2], dtype="int64", device=keys.device) + self.position
        keys[:, :, places] = key.detach()
        values[:, :, places] = value.detach()
        return out

    def advance(self, tokens: int) -> None:
        """Counts tokens that all layers have read."""
        self.position += tokens

    def reset(self) -> None:
        """Forgets all tokens."""
        self.position[...] = 0
