"""GPT-2 small, the token after 127 others: reads a cache of 128 keys and values and writes its last place,
which each run does again."""

from __future__ import annotations

import numpy as np

from bench.entry import Context, Entry, Runner
from bench.workload import Workload, integers

_LENGTH = 128
_WORKLOAD = Workload("gpt2", integers(50257, 1, _LENGTH), is_image=False)


def _miai(context: Context, is_traced: bool) -> Runner:
    import miai as mi

    from bench.peers import miai_peer

    net, _ = miai_peer.load_network(context, _WORKLOAD)
    net.eval()
    tokens = mi.tensor(_WORKLOAD.input())
    cache = net.new_cache(1, _LENGTH)
    net(tokens[:, :-1], cache)

    def decode(token: mi.Tensor) -> mi.Tensor:
        scores = net(token, cache)
        cache.position -= 1
        return scores

    run, token = mi.trace(decode) if is_traced else decode, mi.tensor(_WORKLOAD.input()[:, -1:])
    return Runner(lambda: run(token), lambda: [run(token) for _ in range(2)][1].numpy(copy=True))


def _pytorch(context: Context, compiled: bool) -> Runner:
    import torch

    from bench.peers import pytorch

    torch.set_num_threads(context.threads)
    net = pytorch.load_network(context, _WORKLOAD).eval()
    tokens = torch.from_numpy(_WORKLOAD.input())
    cache = net.new_cache(_LENGTH)
    with torch.inference_mode():
        net(tokens[:, :-1], cache, 0)
    decode, token = torch.compile(net) if compiled else net, tokens[:, -1:].clone()

    @torch.inference_mode()
    def run() -> torch.Tensor:
        return decode(token, cache, _LENGTH - 1)

    return Runner(run, lambda: run().numpy())


def _jax(context: Context) -> Runner:
    import jax
    import jax.numpy as jnp

    from bench.networks.jax_gpt2 import decode, new_cache
    from bench.peers import jax_peer

    parameters = jax_peer.load_parameters(context)
    tokens = jnp.asarray(_WORKLOAD.input())
    compiled = jax.jit(decode, donate_argnums=1)
    _, filled = compiled(parameters, new_cache(_LENGTH), tokens[:, :-1], 0)
    cache, token = [filled], tokens[:, -1:]

    def run() -> jax.Array:
        scores, cache[0] = compiled(parameters, cache[0], token, _LENGTH - 1)
        return scores.block_until_ready()

    return Runner(run, lambda: np.asarray(run()))


ENTRY = Entry(
    "GPT-2 small, a token with a cache of 128",
    {
        "miai": lambda context: _miai(context, is_traced=True),
        "miai eager": lambda context: _miai(context, is_traced=False),
        "PyTorch": lambda context: _pytorch(context, compiled=False),
        "torch.compile": lambda context: _pytorch(context, compiled=True),
        "JAX jit": _jax,
    },
    workload=_WORKLOAD,
)
