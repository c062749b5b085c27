"""A module and PyTorch's with the same parameters, and comparisons of what they give."""

from __future__ import annotations

from typing import Any

import miai as mi
import numpy as np
import pytest

torch = pytest.importorskip("torch")


def same_parameters(mine: Any, theirs: Any) -> tuple[Any, Any]:
    """Both in float64, with PyTorch's state."""
    theirs = theirs.double()
    mine = mine.astype("float64")
    loaded = mine.load_state_dict(theirs.state_dict())
    assert not loaded.missing_keys and not loaded.unexpected_keys
    assert list(mine.state_dict()) == list(theirs.state_dict())
    return mine, theirs


def flat(outputs: Any) -> list[Any]:
    if isinstance(outputs, tuple):
        return [part for output in outputs for part in flat(output)]
    return [] if outputs is None else [outputs]


def check_as_in_torch(mine: Any, theirs: Any, call: Any, inputs: list[np.ndarray], traced: bool = False):
    """Compares outputs, gradients of the inputs and of the parameters; call(module, inputs, tensor) runs
    either, and `tensor` makes constants."""
    xs = [mi.Parameter(x, dtype="float64") for x in inputs]
    txs = [torch.tensor(x, requires_grad=True) for x in inputs]
    expected = flat(call(theirs, txs, torch.tensor))
    rng = np.random.default_rng(11)
    weights = [rng.normal(size=tuple(y.shape)) for y in expected]

    def step():
        with mi.GradManager().attach([*xs, *mine.parameters()]) as gm:
            outputs = flat(call(mine, xs, mi.tensor))
            gm.backward(sum((y * mi.tensor(w)).sum() for y, w in zip(outputs, weights, strict=True)))
        return outputs

    if traced:
        step = mi.trace(step)
        step()
        for tensor in [*xs, *mine.parameters()]:
            tensor.grad = None
    outputs = step()
    sum((y * torch.tensor(w)).sum() for y, w in zip(expected, weights, strict=True)).backward()
    for got, want in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(got.numpy(), want.detach().numpy(), rtol=1e-9, atol=1e-11)
    for x, tx in zip(xs, txs, strict=True):
        np.testing.assert_allclose(x.grad.numpy(), tx.grad.numpy(), rtol=1e-7, atol=1e-10)
    gradients = {name: p.grad for name, p in mine.named_parameters()}
    for name, p in theirs.named_parameters():
        np.testing.assert_allclose(
            gradients[name].numpy(), p.grad.numpy(), rtol=1e-7, atol=1e-10, err_msg=name
        )
