"""The Rosetta Stone's recurrent network for sentiment: embedding, GRU, dense layer. Karmanov et al., 2018."""

from __future__ import annotations

from typing import Any

from .. import module as M
from ..tensor import Tensor


class GRUClassifier(M.Module):
    """Words (N, T), integers, to class scores (N, num_classes) by the GRU's state after the last word.

    >>> import miai as mi
    >>> net = GRUClassifier(vocabulary=50, embedding_dim=8, hidden_size=6)
    >>> net(mi.tensor([[3, 1, 4, 1], [5, 9, 2, 6]])).shape
    (2, 2)
    """

    def __init__(
        self, vocabulary: int = 30000, embedding_dim: int = 125, hidden_size: int = 100, num_classes: int = 2
    ) -> None:
        super().__init__()
        self.embedding = M.Embedding(vocabulary, embedding_dim)
        self.gru = M.GRU(embedding_dim, hidden_size, batch_first=True)
        self.l_out = M.Linear(hidden_size, num_classes)

    def forward(self, words: Tensor) -> Tensor:
        _, last = self.gru(self.embedding(words))
        return self.l_out(last[-1])


def gru_classifier(**options: Any) -> GRUClassifier:
    """The GRU for IMDB's 30,000 commonest words: 3,818,302 parameters; `options` are GRUClassifier's."""
    return GRUClassifier(**options)
