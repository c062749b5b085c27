"""A chain of 100 dependent operators on 10 x 10."""

from __future__ import annotations

import numpy as np

from bench.entry import Context, Entry, Runner


def _arrays() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal((10, 10), dtype="float32") for _ in range(3)]


def _miai(is_traced: bool) -> Runner:
    import miai as mi

    from bench.networks.miai_networks import chain

    arguments = [mi.tensor(array) for array in _arrays()]
    function = mi.trace(chain) if is_traced else chain
    return Runner(lambda: function(*arguments), lambda: [function(*arguments) for _ in range(2)][1].numpy())


def _pytorch(context: Context, compiled: bool) -> Runner:
    import torch

    from bench.networks.torch_networks import chain

    torch.set_num_threads(context.threads)
    arguments = [torch.from_numpy(array) for array in _arrays()]
    function = torch.compile(chain) if compiled else chain

    @torch.inference_mode()
    def run() -> torch.Tensor:
        return function(*arguments)

    return Runner(run, lambda: run().numpy())


def _jax(context: Context) -> Runner:
    import jax

    from bench.networks.jax_networks import chain

    arguments = [jax.numpy.asarray(array) for array in _arrays()]
    function = jax.jit(chain)
    return Runner(lambda: function(*arguments).block_until_ready(), lambda: np.asarray(function(*arguments)))


ENTRY = Entry(
    "100 dependent operators on 10 x 10",
    {
        "miai": lambda context: _miai(is_traced=True),
        "miai eager": lambda context: _miai(is_traced=False),
        "PyTorch": lambda context: _pytorch(context, compiled=False),
        "torch.compile": lambda context: _pytorch(context, compiled=True),
        "JAX jit": _jax,
    },
    rounds=31,
)
