"""GPT-2 in JAX, with the names of `miai.models.GPT2`, reading tokens after those of a cache."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax

from bench.networks.jax_networks import Parameters, layer_norm

LAYERS, HEADS, WIDTH = 12, 12, 768
Cache = list[tuple[Array, Array]]


def new_cache(length: int) -> Cache:
    """Room for the keys and values of one sequence."""
    shape = (1, HEADS, length, WIDTH // HEADS)
    return [(jnp.zeros(shape), jnp.zeros(shape)) for _ in range(LAYERS)]


def _conv1d(p: Parameters, name: str, x: Array) -> Array:
    return x @ p[f"{name}.weight"] + p[f"{name}.bias"]


def _attention(p: Parameters, name: str, x: Array, cache: tuple, first: Array) -> tuple[Array, tuple]:
    n, t, _ = x.shape
    parts = _conv1d(p, f"{name}.c_attn", x).reshape(n, t, 3, HEADS, -1).transpose(2, 0, 3, 1, 4)
    keys = lax.dynamic_update_slice_in_dim(cache[0], parts[1], first, 2)
    values = lax.dynamic_update_slice_in_dim(cache[1], parts[2], first, 2)
    seen = jnp.arange(keys.shape[2]) <= first + jnp.arange(t)[:, None]
    scores = parts[0] @ keys.swapaxes(-1, -2) * (WIDTH // HEADS) ** -0.5
    weights = jax.nn.softmax(jnp.where(seen, scores, -jnp.inf))
    y = (weights @ values).transpose(0, 2, 1, 3).reshape(n, t, WIDTH)
    return _conv1d(p, f"{name}.c_proj", y), (keys, values)


def decode(p: Parameters, cache: Cache, tokens: Array, first: Array) -> tuple[Array, Cache]:
    """Tokens (N, T), which stand at `first` and after, to scores (N, T, 50257), and the cache with them."""
    positions = first + jnp.arange(tokens.shape[1])
    x = p["transformer.wte.weight"][tokens] + p["transformer.wpe.weight"][positions]
    new = []
    for layer, kept in enumerate(cache):
        name = f"transformer.h.{layer}"
        y, kept = _attention(p, f"{name}.attn", layer_norm(p, f"{name}.ln_1", x), kept, first)
        x = x + y
        y = _conv1d(p, f"{name}.mlp.c_fc", layer_norm(p, f"{name}.ln_2", x))
        x = x + _conv1d(p, f"{name}.mlp.c_proj", jax.nn.gelu(y, approximate=True))
        new.append(kept)
    return layer_norm(p, "transformer.ln_f", x) @ p["transformer.wte.weight"].T, new
