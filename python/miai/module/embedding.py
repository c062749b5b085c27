"""Embedding: rows of a table by number."""

from __future__ import annotations

from typing import Any

from .. import _core
from .. import functional as F
from ..tensor import Tensor
from . import init
from ._parameters import check_positive, parameter
from .module import Module
from .state import to_array, write


class Embedding(Module):
    """Rows of `weight` (num_embeddings, embedding_dim): integers of any shape (...) to (..., embedding_dim).

    Args:
        padding_idx: a row that starts at zero and gets no gradient.
        max_norm: rows that are looked up and longer are scaled to this length, in `weight` itself.
        norm_type: the order of that length; 2 if None.
        initial_weight: values to start from, else normally distributed.
        freeze: no gradient reaches the weight.

    >>> import miai as mi
    >>> Embedding(10, 4)(mi.tensor([[1, 2, 3]])).shape
    (1, 3, 4)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float | None = None,
        initial_weight: Any = None,
        freeze: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        check_positive("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if max_norm is not None and not max_norm > 0:
            raise ValueError(f"Embedding: argument 'max_norm': expected a number above 0, got {max_norm}")
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(
                f"Embedding: argument 'padding_idx': expected a row of {num_embeddings}, got {padding_idx}"
            )
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.freeze = freeze
        self.weight = parameter(num_embeddings, embedding_dim)
        if initial_weight is None:
            self.reset_parameters()
        else:
            self._start_from(initial_weight)

    def _start_from(self, initial_weight: Any) -> None:
        value = to_array(initial_weight)
        if tuple(value.shape) != tuple(self.weight.shape):
            raise ValueError(
                f"Embedding: argument 'initial_weight': expected shape {list(self.weight.shape)}, "
                f"got {list(value.shape)}"
            )
        write(self.weight, value)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float | None = None,
    ) -> Embedding:
        """An Embedding that starts from a matrix of rows."""
        value = to_array(embeddings)
        if value.ndim != 2:
            raise ValueError(f"Embedding: argument 'embeddings': expected rank 2, got rank {value.ndim}")
        rows, columns = value.shape
        return cls(rows, columns, padding_idx, max_norm, norm_type, initial_weight=value, freeze=freeze)

    def reset_parameters(self) -> None:
        """Draws the values to start from anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            keep = F.arange(self.num_embeddings, dtype="int64").reshape(-1, 1) != self.padding_idx
            _core.reset(self.weight, F.where(keep, self.weight, F.zeros_like(self.weight)))

    def forward(self, inp: Tensor) -> Tensor:
        out = F.embedding(inp, self.weight, self.padding_idx, self.max_norm, self.norm_type)
        return out.detach() if self.freeze else out

    def extra_repr(self) -> str:
        options = {name: getattr(self, name) for name in ("padding_idx", "max_norm", "norm_type")}
        given = "".join(f", {name}={value}" for name, value in options.items() if value is not None)
        return f"{self.num_embeddings}, {self.embedding_dim}{given}"
