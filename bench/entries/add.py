"""A 1-element add, and its gradient: what an operator costs beyond its work."""

from __future__ import annotations

import numpy as np

from bench.entry import Context, Entry, Runner


def _miai(context: Context) -> Runner:
    import miai as mi

    a, b = mi.tensor([1.0]), mi.tensor([2.0])
    return Runner(lambda: a + b, lambda: (a + b).numpy())


def _pytorch(context: Context) -> Runner:
    import torch

    a, b = torch.tensor([1.0]), torch.tensor([2.0])
    return Runner(lambda: a + b, lambda: (a + b).numpy())


def _numpy(context: Context) -> Runner:
    a, b = np.ones(1, "float32"), np.full(1, 2, "float32")
    return Runner(lambda: a + b, lambda: a + b)


def _miai_backward(context: Context) -> Runner:
    import miai as mi

    a, b = mi.tensor([1.0]), mi.tensor([2.0])
    manager = mi.GradManager().attach(a)

    def run() -> mi.Tensor:
        a.grad = None
        with manager:
            manager.backward(a + b)
        return a.grad

    return Runner(run, lambda: run().numpy())


def _pytorch_backward(context: Context) -> Runner:
    import torch

    a, b = torch.tensor([1.0], requires_grad=True), torch.tensor([2.0])

    def run() -> torch.Tensor:
        a.grad = None
        (a + b).backward()
        return a.grad

    return Runner(run, lambda: run().numpy())


ADD = Entry("eager add, 1 element", {"miai eager": _miai, "PyTorch": _pytorch, "NumPy": _numpy}, rounds=31)
ADD_BACKWARD = Entry(
    "eager add, forward and backward, 1 element",
    {"miai eager": _miai_backward, "PyTorch": _pytorch_backward},
    rounds=31,
)
