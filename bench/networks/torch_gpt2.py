"""GPT-2 in PyTorch, with the names of `miai.models.GPT2`, reading one token after those of a cache."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

Cache = list[tuple[torch.Tensor, torch.Tensor]]


class Conv1D(nn.Module):
    """A linear layer whose weight is (in_features, out_features)."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(in_features, out_features))
        self.bias = nn.Parameter(torch.empty(out_features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.bias, x.flatten(0, -2), self.weight).view(*x.shape[:-1], -1)


class Attention(nn.Module):
    """Attention of tokens over those of the cache from the first on."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.c_attn = Conv1D(width, 3 * width)
        self.c_proj = Conv1D(width, width)

    def forward(self, x: torch.Tensor, cache: tuple[torch.Tensor, torch.Tensor], first: int) -> torch.Tensor:
        n, t, width = x.shape
        query, key, value = (
            part.view(n, t, self.heads, width // self.heads).transpose(1, 2)
            for part in self.c_attn(x).split(width, -1)
        )
        keys, values = cache
        keys[:, :, first : first + t] = key
        values[:, :, first : first + t] = value
        seen = keys[:, :, : first + t], values[:, :, : first + t]
        y = F.scaled_dot_product_attention(query, *seen, is_causal=t > 1)
        return self.c_proj(y.transpose(1, 2).reshape(n, t, width))


class MLP(nn.Module):
    """Two linear layers with a GELU between."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc = Conv1D(width, 4 * width)
        self.c_proj = Conv1D(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    """Attention and MLP, each behind a layer norm and added to its input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = MLP(width)

    def forward(self, x: torch.Tensor, cache: tuple[torch.Tensor, torch.Tensor], first: int) -> torch.Tensor:
        x = x + self.attn(self.ln_1(x), cache, first)
        return x + self.mlp(self.ln_2(x))


class GPT2(nn.Module):
    """Tokens (N, T), which stand at `first` and after, to scores (N, T, 50257)."""

    def __init__(self, width: int = 768, layers: int = 12, heads: int = 12) -> None:
        super().__init__()
        self.heads = heads
        self.transformer = nn.Module()
        self.transformer.wte = nn.Embedding(50257, width)
        self.transformer.wpe = nn.Embedding(1024, width)
        self.transformer.h = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.transformer.ln_f = nn.LayerNorm(width)
        self.lm_head = nn.Linear(width, 50257, bias=False)
        self.lm_head.weight = self.transformer.wte.weight

    def new_cache(self, length: int) -> Cache:
        """Room for the keys and values of one sequence."""
        width = self.transformer.wte.weight.shape[1]
        shape = (1, self.heads, length, width // self.heads)
        return [(torch.zeros(shape), torch.zeros(shape)) for _ in self.transformer.h]

    def forward(self, tokens: torch.Tensor, cache: Cache, first: int) -> torch.Tensor:
        positions = torch.arange(first, first + tokens.shape[1])
        x = self.transformer.wte(tokens) + self.transformer.wpe(positions)
        for block, kept in zip(self.transformer.h, cache, strict=True):
            x = block(x, kept, first)
        return self.lm_head(self.transformer.ln_f(x))
