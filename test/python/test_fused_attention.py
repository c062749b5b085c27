"""Traced attention whose weights are large: none of them is kept, and the numbers are those of its parts."""

import miai as mi
import miai.functional as F  # noqa: N812
import numpy as np
import pytest

HEADS, LENGTH, FEATURES = 2, 900, 16


def tensors(seed=0):
    rng = np.random.default_rng(seed)
    parts = [mi.tensor(rng.normal(size=(1, HEADS, LENGTH, FEATURES)).astype("float32")) for _ in range(3)]
    keep = rng.random((LENGTH, LENGTH)) < 0.5
    keep[3] = False  # a query without a key
    return *parts, mi.tensor(keep)


def is_fused(step):
    return " = fused_attention(" in step.graph(optimized=True)


def by_hand(q, k, v, keep):
    scores = q @ F.transpose(k, (0, 1, 3, 2)) * 0.25
    return F.softmax(scores, -1) @ v


def by_hand_with_numbers(q, k, v, keep):
    scores = F.matmul(q, k, transpose_b=True) / 4.0 + F.where(keep, F.zeros(()), F.full((), -1e9))
    return F.matmul(F.softmax(scores, -1), v)


WAYS = {
    "plain": lambda q, k, v, keep: F.scaled_dot_product_attention(q, k, v),
    "causal": lambda q, k, v, keep: F.scaled_dot_product_attention(q, k, v, is_causal=True),
    "masked": F.scaled_dot_product_attention,
    "both": lambda q, k, v, keep: F.scaled_dot_product_attention(q, k, v, keep, is_causal=True),
    "numbers": lambda q, k, v, keep: F.scaled_dot_product_attention(q, k, v, keep.astype("float32")),
    "by hand": by_hand,
    "by hand with numbers": by_hand_with_numbers,
}


@pytest.mark.parametrize("way", WAYS)
def test_the_numbers_are_those_of_its_parts(way):
    function = WAYS[way]
    expected = function(*tensors()).numpy(copy=True)
    fused, parts = mi.trace(function), mi.trace(function, opt_level=0)
    for step in (fused, parts):
        step(*tensors())
        np.testing.assert_allclose(step(*tensors()).numpy(), expected, rtol=2e-4, atol=2e-5)
    assert is_fused(fused)
    assert not is_fused(parts)
    weights = HEADS * LENGTH * LENGTH * 4
    assert parts.memory_report().arena_bytes > weights
    assert fused.memory_report().arena_bytes < 0.6 * weights  # a mask of numbers is half as large


def test_weights_that_are_read_are_made():
    def function(q, k, v, keep):
        weights = F.softmax(F.matmul(q, k, transpose_b=True), -1)
        return F.matmul(weights, v), weights.max()

    step = mi.trace(function)
    step(*tensors())
    assert not is_fused(step)


def test_sizes_that_change():
    step = mi.trace(WAYS["causal"], dynamic={"q": 2, "k": 2, "v": 2})
    for length in (5, 700, 33):
        q, k, v, keep = (x[..., :length, :] for x in tensors())
        np.testing.assert_allclose(
            step(q, k, v, keep).numpy(), WAYS["causal"](q, k, v, keep).numpy(), rtol=2e-4, atol=2e-5
        )
    assert is_fused(step)


def test_training_keeps_the_weights():
    q, k, v, _ = tensors()
    w = mi.Parameter(np.ones(FEATURES, "float32"))
    gm = mi.GradManager().attach([w])

    def train(q, k, v):
        with gm:
            loss = (F.scaled_dot_product_attention(q * w, k, v) ** 2).mean()
            gm.backward(loss)
        return loss

    step = mi.trace(train)
    losses = [step(q, k, v).item() for _ in range(2)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert not is_fused(step)
