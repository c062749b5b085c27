"""GPT-2, with the parameter names and shapes of Hugging Face's GPT2LMHeadModel. Radford et al., 2019."""

from __future__ import annotations

import math
from typing import Any

from .. import functional as F
from .. import module as M
from ..module._parameters import parameter
from ..tensor import Parameter, Tensor
from .key_value_cache import KeyValueCache


def _gelu_tanh(x: Tensor) -> Tensor:
    """GELU by a tanh, as GPT-2 was trained with. Hendrycks and Gimpel, 2016."""
    return 0.5 * x * (1.0 + F.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))


class Conv1D(M.Module):
    """A linear layer whose weight is (in_features, out_features): the transpose of M.Linear's."""

    def __init__(self, in_features: int, out_features: int, std: float = 0.02) -> None:
        super().__init__()
        self.weight = parameter(in_features, out_features)
        self.bias = parameter(out_features)
        M.init.normal_(self.weight, 0.0, std)

    def forward(self, inp: Tensor) -> Tensor:
        return F.matmul(inp, self.weight) + self.bias


class Attention(M.Module):
    """Causal self-attention of (N, T, n_embd)."""

    def __init__(self, n_embd: int, n_head: int, dropout: float, projection_std: float) -> None:
        super().__init__()
        self.n_head = n_head
        self.c_attn = Conv1D(n_embd, 3 * n_embd)
        self.c_proj = Conv1D(n_embd, n_embd, projection_std)
        self.dropout = dropout
        self.resid_dropout = M.Dropout(dropout)

    def _heads(self, inp: Tensor) -> Tensor:
        n, t, width = inp.shape
        return inp.reshape(n, t, self.n_head, width // self.n_head).transpose(0, 2, 1, 3)

    def forward(self, inp: Tensor, cache: KeyValueCache | None, layer: int) -> Tensor:
        query, key, value = (self._heads(part) for part in F.split(self.c_attn(inp), 3, axis=-1))
        if cache is None:
            drop = self.dropout if self.training else 0.0
            out = F.scaled_dot_product_attention(query, key, value, None, drop, is_causal=True)
        else:
            out = cache.attend(layer, query, key, value)
        return self.resid_dropout(self.c_proj(out.transpose(0, 2, 1, 3).reshape(*inp.shape)))


class MLP(M.Module):
    """Two linear layers with a GELU between."""

    def __init__(self, n_embd: int, dropout: float, projection_std: float) -> None:
        super().__init__()
        self.c_fc = Conv1D(n_embd, 4 * n_embd)
        self.c_proj = Conv1D(4 * n_embd, n_embd, projection_std)
        self.dropout = M.Dropout(dropout)

    def forward(self, inp: Tensor) -> Tensor:
        return self.dropout(self.c_proj(_gelu_tanh(self.c_fc(inp))))


class Block(M.Module):
    """Attention and MLP, each behind a layer norm and added to its input."""

    def __init__(self, n_embd: int, n_head: int, dropout: float, eps: float, projection_std: float) -> None:
        super().__init__()
        self.ln_1 = M.LayerNorm(n_embd, eps)
        self.attn = Attention(n_embd, n_head, dropout, projection_std)
        self.ln_2 = M.LayerNorm(n_embd, eps)
        self.mlp = MLP(n_embd, dropout, projection_std)

    def forward(self, inp: Tensor, cache: KeyValueCache | None, layer: int) -> Tensor:
        x = inp + self.attn(self.ln_1(inp), cache, layer)
        return x + self.mlp(self.ln_2(x))


class GPT2Model(M.Module):
    """Tokens (N, T) to hidden states (N, T, n_embd): GPT2 without its last layer; arguments are GPT2's."""

    def __init__(
        self,
        vocab_size: int,
        n_positions: int,
        n_embd: int,
        n_layer: int,
        n_head: int,
        dropout: float,
        layer_norm_epsilon: float,
    ) -> None:
        super().__init__()
        if n_embd % n_head:
            raise ValueError(
                f"GPT2: argument 'n_head': expected a divisor of n_embd ({n_embd}), got {n_head}"
            )
        self.n_positions = n_positions
        self.wte = M.Embedding(vocab_size, n_embd)
        self.wpe = M.Embedding(n_positions, n_embd)
        self.drop = M.Dropout(dropout)
        std = 0.02 / math.sqrt(2 * n_layer)
        self.h = [Block(n_embd, n_head, dropout, layer_norm_epsilon, std) for _ in range(n_layer)]
        self.ln_f = M.LayerNorm(n_embd, layer_norm_epsilon)
        M.init.normal_(self.wte.weight, 0.0, 0.02)
        M.init.normal_(self.wpe.weight, 0.0, 0.02)

    def forward(self, tokens: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        if tokens.ndim != 2:
            raise ValueError(
                f"GPT2: argument 'tokens': expected rank 2, got rank {tokens.ndim} "
                f"(shape {list(tokens.shape)})"
            )
        length = tokens.shape[1]
        if isinstance(length, int) and length > self.n_positions:
            raise ValueError(
                f"GPT2: argument 'tokens': expected at most {self.n_positions} positions, got {length}"
            )
        positions = F.arange(length, dtype="int64", device=tokens.device)
        if cache is not None:
            positions = positions + cache.position
        x = self.drop(self.wte(tokens) + self.wpe(positions))
        for layer, block in enumerate(self.h):
            x = block(x, cache, layer)
        if cache is not None:
            cache.advance(length)
        return self.ln_f(x)


class LMHead(M.Module):
    """Scores of each token by the embedding's own weight."""

    def __init__(self, weight: Parameter) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, inp: Tensor) -> Tensor:
        return F.linear(inp, self.weight)


class GPT2(M.Module):
    """Tokens (N, T), integers, to scores (N, T, vocab_size) of the token that follows each.

    Names in the state dict are those of GPT2LMHeadModel. A file of the bare model, without the prefix
    "transformer." (as the hub's "gpt2" has it), is for ``net.transformer.load_state_dict(.., strict=False)``:
    it also holds the masks "h.0.attn.bias", which are no parameters.

    With a cache (`new_cache`) a call reads the tokens that follow the ones of earlier calls, and computes
    nothing again for those.

    Args:
        vocab_size: tokens that there are.
        n_positions: the longest sequence.
        n_embd, n_layer, n_head: features, blocks, and heads of each block's attention.
        dropout: in training, of embeddings, attention weights and what each block adds.

    >>> import miai as mi
    >>> net = GPT2(vocab_size=50, n_positions=16, n_embd=8, n_layer=2, n_head=2).eval()
    >>> tokens = mi.tensor([[3, 1, 4, 1, 5]])
    >>> scores = net(tokens)
    >>> cache = net.new_cache(batch=1, length=16)
    >>> first, last = net(tokens[:, :4], cache), net(tokens[:, 4:], cache)
    >>> scores.shape, last.shape, bool(abs(scores[:, 4:] - last).max().item() < 1e-6)
    ((1, 5, 50), (1, 1, 50), True)
    """

    def __init__(
        self,
        vocab_size: int = 50257,
        n_positions: int = 1024,
        n_embd: int = 768,
        n_layer: int = 12,
        n_head: int = 12,
        dropout: float = 0.1,
        layer_norm_epsilon: float = 1e-5,
    ) -> None:
        super().__init__()
        self.transformer = GPT2Model(
            vocab_size, n_positions, n_embd, n_layer, n_head, dropout, layer_norm_epsilon
        )
        self.lm_head = LMHead(self.transformer.wte.weight)

    def new_cache(self, batch: int, length: int | None = None) -> KeyValueCache:
        """An empty cache for `batch` sequences of up to `length` tokens (n_positions if None)."""
        most = self.transformer.n_positions
        length = most if length is None else length
        if not 1 <= length <= most:
            raise ValueError(f"GPT2: argument 'length': expected 1 to {most} positions, got {length}")
        blocks, weight = self.transformer.h, self.lm_head.weight
        heads = blocks[0].attn.n_head
        shape = (batch, heads, length, weight.shape[1] // heads)
        return KeyValueCache(len(blocks), shape, str(weight.dtype), weight.device)

    def forward(self, tokens: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        return self.lm_head(self.transformer(tokens, cache))

    def generate(self, tokens: Tensor, count: int) -> Tensor:
        """The `count` tokens that follow (N, T), each the one of the highest score: (N, count). Raises
        ValueError if they would exceed n_positions.

        >>> import miai as mi
        >>> net = GPT2(vocab_size=50, n_positions=16, n_embd=8, n_layer=2, n_head=2).eval()
        >>> net.generate(mi.tensor([[3, 1, 4], [1, 5, 9]]), 6).shape
        (2, 6)
        """
        if count < 1:
            raise ValueError(f"GPT2: argument 'count': expected at least 1, got {count}")
        cache = self.new_cache(tokens.shape[0], tokens.shape[1] + count - 1)
        found: list[Tensor] = []
        for _ in range(count):
            scores = self(found[-1] if found else tokens, cache)
            found.append(F.argmax(scores[:, -1], axis=-1).reshape(-1, 1))
        return F.concat(found, axis=1)


def gpt2(**options: Any) -> GPT2:
    """GPT-2 small: 124,439,808 parameters; `options` are GPT2's."""
    return GPT2(**options)
