"""clip_grad_norm and clip_grad_value."""

from __future__ import annotations

import math

import miai as mi
import numpy as np
import pytest
from miai.optimizer import clip_grad_norm, clip_grad_value


def _with_grads(*grads: object) -> list[mi.Parameter]:
    params = []
    for grad in grads:
        p = mi.Parameter(np.zeros(2, "float32"))
        p.grad = None if grad is None else mi.tensor(grad, dtype="float32")
        params.append(p)
    return params


@pytest.mark.parametrize("ord", [1.0, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_norms_are_torchs(ord, max_norm):
    torch = pytest.importorskip("torch")
    grads = [[3.0, -4.0], [1.0, 2.0]]
    mine, theirs = _with_grads(*grads, None), [torch.zeros(2, requires_grad=True) for _ in grads]
    for t, grad in zip(theirs, grads, strict=True):
        t.grad = torch.tensor(grad)
    norm = clip_grad_norm(mine, max_norm, ord)
    expected = torch.nn.utils.clip_grad_norm_(theirs, max_norm, ord)
    assert norm.item() == pytest.approx(expected.item(), rel=1e-6)
    for p, t in zip(mine, theirs, strict=False):
        np.testing.assert_allclose(p.grad.numpy(), t.grad.numpy(), rtol=1e-5)
    assert mine[2].grad is None


def test_norm_takes_the_gradient_cell_in_place():
    (p,) = _with_grads([6.0, 8.0])
    grad = p.grad
    clip_grad_norm(p, 5.0)
    assert grad.tolist() == pytest.approx([3.0, 4.0])


def test_no_gradients_have_norm_zero():
    assert clip_grad_norm(_with_grads(None), 1.0).item() == 0.0


def test_value():
    params = _with_grads([-3.0, 0.5], None, [2.0, -0.1])
    clip_grad_value(params, -1.0, 1.5)
    assert params[0].grad.tolist() == [-1.0, 0.5]
    assert params[2].grad.tolist() == pytest.approx([1.5, -0.1])
    assert params[1].grad is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: clip_grad_norm([1], 1.0), TypeError, "clip_grad_norm: argument 'tensors': expected Tensors"),
        (lambda: clip_grad_norm(_with_grads(None), -1.0), ValueError, "clip_grad_norm: argument 'max_norm'"),
        (lambda: clip_grad_norm(_with_grads(None), 1.0, 0), ValueError, "clip_grad_norm: argument 'ord'"),
        (lambda: clip_grad_value(_with_grads(None), 1, 0), ValueError, "clip_grad_value: argument 'upper'"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
