"""A pass changes speed, not meaning: random networks train the same with each pass on and off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812
from miai import module as M  # noqa: N812

PASSES = [
    "remove_dead_code", "fold_constants", "simplify", "share_common", "fold_batch_norm", "fuse_activation",
    "fuse_layer_norm", "fuse_attention", "fuse_batch_norm", "fuse_pointwise", "fuse_embedding_update",
    "fuse_reduction",
]  # fmt: skip

Layer = Callable[[list[mi.Tensor]], mi.Tensor]


class RandomNetwork(M.Module):
    """Up to 30 operators on images of one size: each reads earlier results."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__()
        self.parts: list[M.Module] = []
        self.layers: list[Layer] = []
        channels = [3]
        for _ in range(int(rng.integers(3, 16))):
            self._add(rng, channels)

    def _module(self, module: M.Module, i: int) -> Layer:
        self.parts.append(module)
        return lambda values: module(values[i])

    def _add(self, rng: np.random.Generator, channels: list[int]) -> None:
        i = len(channels) - 1 if rng.random() < 0.7 else int(rng.integers(0, len(channels)))
        kind, count = int(rng.integers(0, 9)), channels[i]
        alike = [j for j, other in enumerate(channels) if other == count]
        j = int(rng.choice(alike))
        if kind <= 1:
            kernel, count = (3, int(rng.integers(1, 5))) if kind else (1, int(rng.choice([16, 24])))
            layer = self._module(M.Conv2d(channels[i], count, kernel, padding=kernel // 2), i)
        elif kind == 2:
            layer = self._module(M.BatchNorm2d(count), i)
        elif kind == 3:
            layer = lambda values: F.relu(values[i])  # noqa: E731
        elif kind == 4:
            layer = lambda values: F.relu6(values[i] * 2.0 + 1.0)  # noqa: E731
        elif kind == 5:
            layer = lambda values: F.tanh(values[i]) * 0.5 + values[j]  # noqa: E731
        elif kind == 6:
            layer = lambda values: values[i] + values[j]  # noqa: E731
        elif kind == 7:
            layer = lambda values: F.max_pool2d(values[i], 3, 1, 1)  # noqa: E731
        else:
            layer = lambda values: F.transpose(F.transpose(values[i], (0, 1, 3, 2)) / 1.0, (0, 1, 3, 2))  # noqa: E731
        self.layers.append(layer)
        channels.append(count)

    def forward(self, x: mi.Tensor) -> mi.Tensor:
        values = [x]
        for layer in self.layers:
            values.append(layer(values))
        return sum((value.mean() for value in values[-2:]), mi.tensor(0.0)) + (values[-1] ** 2).mean()


def losses(seed: int, level: int | None) -> list[float]:
    """Of three steps of training and one in eval mode; None: eager."""
    rng = np.random.default_rng(seed)
    mi.random.seed(seed)
    net = RandomNetwork(rng)
    x = mi.tensor(rng.standard_normal((2, 3, 6, 6)).astype("float32"))
    parameters = list(net.parameters()) or [mi.Parameter([1.0])]
    manager = mi.GradManager().attach(parameters)
    optimizer = mi.optimizer.SGD(parameters, lr=1e-3, momentum=0.9)

    def step(x: mi.Tensor) -> mi.Tensor:
        with manager:
            loss = net(x) + parameters[0].sum() * 1e-3
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    def run(function: Any) -> Any:
        return function if level is None else mi.trace(function, opt_level=level)

    train, predict = run(step), run(lambda x: net(x))
    found = [train(x).item() for _ in range(4)]
    net.eval()
    predict(x)
    return [*found, predict(x).item()]


def check(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = losses(seed, None)
    for left_out in ["", *PASSES]:
        monkeypatch.setenv("MIAI_DISABLE_PASSES", left_out)
        what = f"network {seed} without '{left_out}'"
        np.testing.assert_allclose(losses(seed, 2), expected, rtol=2e-3, atol=1e-4, err_msg=what)


def test_random_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(12):
        check(seed, monkeypatch)


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
def test_thousand_networks(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(100 + part, 1100, 4):
        check(seed, monkeypatch)


def test_names_of_passes_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIAI_DISABLE_PASSES", "fuse_pointwise,fuse_everything")
    double = mi.trace(lambda x: x + x)
    with pytest.raises(ValueError, match="got 'fuse_everything'") as error:
        double(mi.tensor([1.0]))
        double(mi.tensor([1.0]))
    assert all(name in str(error.value) for name in PASSES)
    monkeypatch.setenv("MIAI_DISABLE_PASSES", "lower")
    with pytest.raises(ValueError, match="got 'lower'"):
        mi.trace(lambda x: x * x)(mi.tensor([1.0]))


@pytest.mark.parametrize(
    "scaled",
    [
        lambda c, var: c / F.sqrt(var + 1e-3),
        lambda c, var: F.rsqrt(var + 1e-3) * c,
        lambda c, var: c / (var + 1e-3) ** 0.5,
    ],
)
@pytest.mark.parametrize("square", [lambda c: c * c, lambda c: c**2, F.square])
def test_a_layer_norm_by_hand(scaled: Any, square: Any) -> None:
    rng = np.random.default_rng(3)
    x, weight, bias = (mi.tensor(rng.normal(size=s).astype("float32")) for s in [(4, 6, 33), (33,), (33,)])

    @mi.trace
    def by_hand(x: mi.Tensor) -> mi.Tensor:
        centred = x - x.mean(axis=-1, keepdims=True)
        return scaled(centred, square(centred).mean(axis=-1, keepdims=True)) * weight + bias

    by_hand(x)
    expected = F.layer_norm(x, (33,), weight=weight, bias=bias, eps=1e-3)
    np.testing.assert_allclose(by_hand(x).numpy(), expected.numpy(), rtol=1e-5, atol=1e-5)
    assert "layer_norm(" in str(by_hand.explain())
    assert "mean(" not in str(by_hand.explain())


def embedding_steps(make_optimizer: Any, left_out: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, str]:
    """The weights after four steps, and what ran."""
    monkeypatch.setenv("MIAI_DISABLE_PASSES", left_out)
    mi.random.seed(7)
    net = M.Sequential(M.Embedding(300, 70, padding_idx=2), M.Linear(70, 3))
    manager = mi.GradManager().attach(net.parameters())
    optimizer = make_optimizer(net.parameters())

    @mi.trace
    def step(words: mi.Tensor) -> mi.Tensor:
        with manager:
            loss = (net(words) ** 2).mean()
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    rng = np.random.default_rng(7)
    for _ in range(4):
        step(mi.tensor(rng.integers(0, rng.choice([5, 300]), size=(6, 9))))
    return [p.numpy() for p in net.parameters()], str(step.explain())


@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda parameters: mi.optimizer.SGD(parameters, lr=0.1, momentum=0.9),
        lambda parameters: mi.optimizer.Adam(parameters, lr=0.01),
    ],
    ids=["sgd", "adam"],
)
def test_an_embedding_is_updated_the_same(make_optimizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fused, text = embedding_steps(make_optimizer, "", monkeypatch)
    assert "embedding_update(" in text
    assert "embedding_backward(" not in text
    expected, text = embedding_steps(make_optimizer, "fuse_embedding_update", monkeypatch)
    assert "embedding_backward(" in text
    for got, want in zip(fused, expected, strict=True):
        np.testing.assert_array_equal(got, want)
