"""Values to start from: their statistics, and that they are PyTorch's defaults."""

from __future__ import annotations

import math

import miai as mi
import miai.module as M
import numpy as np
import pytest
from miai.module import init


@pytest.fixture(autouse=True)
def seeded():
    mi.random.seed(0)


def _tensor(*shape: int) -> mi.Parameter:
    return mi.Parameter(np.zeros(shape, "float32"))


def _is_uniform(values: np.ndarray, low: float, high: float) -> bool:
    """Whether the deciles hold equal shares: 20,000 values or more."""
    counts, _ = np.histogram(values, bins=10, range=(low, high))
    return counts.sum() == values.size and np.allclose(counts / values.size, 0.1, atol=0.015)


def _is_normal(values: np.ndarray, mean: float, std: float) -> bool:
    within = [np.mean(np.abs(values - mean) < k * std) for k in (0.5, 1, 2)]
    return np.allclose(within, [math.erf(k / math.sqrt(2)) for k in (0.5, 1, 2)], atol=0.02)


@pytest.mark.parametrize(
    ("fill", "low", "high"),
    [
        (lambda t: init.uniform_(t, -2, 3), -2, 3),
        (init.xavier_uniform_, -math.sqrt(6 / 300), math.sqrt(6 / 300)),
        (lambda t: init.xavier_uniform_(t, 2.0), -2 * math.sqrt(6 / 300), 2 * math.sqrt(6 / 300)),
        (init.msra_uniform_, -math.sqrt(6 / 200), math.sqrt(6 / 200)),
        (lambda t: init.msra_uniform_(t, math.sqrt(5)), -1 / math.sqrt(200), 1 / math.sqrt(200)),
        (
            lambda t: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="linear"),
            -math.sqrt(0.03),
            math.sqrt(0.03),
        ),
    ],
)
def test_uniform(fill, low, high):
    tensor = _tensor(100, 200)
    assert fill(tensor) is tensor
    assert _is_uniform(tensor.numpy(), low, high)


@pytest.mark.parametrize(
    ("fill", "mean", "std"),
    [
        (lambda t: init.normal_(t, 1, 2), 1, 2),
        (init.xavier_normal_, 0, math.sqrt(2 / 300)),
        (lambda t: init.msra_normal_(t, nonlinearity="relu"), 0, math.sqrt(2 / 200)),
        (lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"), 0, math.sqrt(2 / 100)),
    ],
)
def test_normal(fill, mean, std):
    tensor = _tensor(100, 200)
    fill(tensor)
    assert _is_normal(tensor.numpy(), mean, std)


def test_constants_keep_dtype():
    tensor = _tensor(2, 2).astype("float64")
    for fill, value in ((init.ones_, 1), (init.zeros_, 0), (lambda t: init.fill_(t, 2.5), 2.5)):
        assert (
            fill(tensor) is tensor and tensor.tolist() == [[value] * 2] * 2 and str(tensor.dtype) == "float64"
        )


def test_gains_and_fans_are_torchs():
    torch = pytest.importorskip("torch")
    theirs = torch.nn.init
    for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert init.calculate_gain(name) == pytest.approx(theirs.calculate_gain(name))
    assert init.calculate_gain("leaky_relu", 0.3) == pytest.approx(theirs.calculate_gain("leaky_relu", 0.3))
    for shape in ((3, 4), (5, 2, 3), (6, 4, 3, 2)):
        expected = theirs._calculate_fan_in_and_fan_out(torch.zeros(shape))
        assert init.calculate_fan_in_and_fan_out(_tensor(*shape)) == expected


def test_layers_start_as_torchs():
    linear, conv = M.Linear(400, 100), M.Conv2d(16, 64, 5)
    for layer, fan_in in ((linear, 400), (conv, 400)):
        limit = 1 / math.sqrt(fan_in)
        assert _is_uniform(layer.weight.numpy(), -limit, limit)
        assert np.abs(layer.bias.numpy()).max() <= limit and layer.bias.numpy().std() > limit / 3
    assert _is_normal(M.Embedding(200, 100).weight.numpy(), 0, 1)
    bn = M.BatchNorm2d(3)
    assert (bn.weight.tolist(), bn.bias.tolist(), bn.running_var.tolist()) == ([1] * 3, [0] * 3, [1] * 3)


def test_seeds_decide():
    mi.random.seed(5)
    first = M.Linear(3, 3).weight.tolist()
    mi.random.seed(5)
    assert M.Linear(3, 3).weight.tolist() == first


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: init.calculate_gain("swish"), "calculate_gain: argument 'nonlinearity': expected one of"),
        (
            lambda: init.xavier_normal_(_tensor(3)),
            r"expected a weight of rank 2 or more, got rank 1 \(shape \[3\]\)",
        ),
        (
            lambda: init.msra_normal_(_tensor(3, 3), mode="fan"),
            "argument 'mode': expected 'fan_in' or 'fan_out'",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
