"""A transformer encoder, and a classifier of token sequences by it. Vaswani et al., 2017.

Names and shapes of the encoder's parameters are those of torch.nn.TransformerEncoder.
"""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .. import module as M
from ..module._parameters import parameter
from ..tensor import Tensor


def transformer_encoder(
    d_model: int = 256,
    nhead: int = 4,
    num_layers: int = 2,
    dim_feedforward: int = 1024,
    dropout: float = 0.1,
) -> M.TransformerEncoder:
    """(N, T, d_model) to (N, T, d_model): layers of self-attention and of two dense layers, each added to its
    input and normalised; 1,579,520 parameters.

    >>> import miai as mi
    >>> transformer_encoder(16, 2, 1, 32).eval()(mi.functional.ones((2, 5, 16))).shape
    (2, 5, 16)
    """
    layer = M.TransformerEncoderLayer(d_model, nhead, dim_feedforward, dropout, batch_first=True)
    return M.TransformerEncoder(layer, num_layers)


class TransformerClassifier(M.Module):
    """Tokens (N, T), integers, to class scores (N, num_classes): the mean of the encoder's outputs, and a
    dense layer. T is at most `length`; positions have embeddings of their own.

    >>> import miai as mi
    >>> net = TransformerClassifier(50, 3, length=8, d_model=16, nhead=2, num_layers=1, dim_feedforward=32)
    >>> net.eval()(mi.tensor([[3, 1, 4, 1], [5, 9, 2, 6]])).shape
    (2, 3)
    """

    def __init__(
        self,
        vocabulary: int = 30000,
        num_classes: int = 2,
        length: int = 128,
        d_model: int = 256,
        nhead: int = 4,
        num_layers: int = 2,
        dim_feedforward: int = 1024,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.position = parameter(length, d_model)
        M.init.normal_(self.position, 0.0, 0.02)
        self.embedding = M.Embedding(vocabulary, d_model)
        self.encoder = transformer_encoder(d_model, nhead, num_layers, dim_feedforward, dropout)
        self.fc = M.Linear(d_model, num_classes)

    def forward(self, tokens: Tensor) -> Tensor:
        length, most = tokens.shape[1], self.position.shape[0]
        if isinstance(length, int) and length > most:
            raise ValueError(
                f"TransformerClassifier: argument 'tokens': expected at most {most} positions, got {length}"
            )
        x = self.encoder(self.embedding(tokens) + self.position[:length])
        return self.fc(F.mean(x, axis=1))


def transformer_classifier(**options: Any) -> TransformerClassifier:
    """A classifier of d = 256, 4 heads, sequences of 128: 9,292,802 parameters; `options` are
    TransformerClassifier's."""
    return TransformerClassifier(**options)
