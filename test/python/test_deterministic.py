"""Deterministic mode: the number of threads changes no bit, eager and traced."""

from __future__ import annotations

from collections.abc import Iterator

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812
from miai import module as M  # noqa: N812

THREADS = (1, 2, 3, 4, 8)


@pytest.fixture(autouse=True)
def mode() -> Iterator[None]:
    before = mi.device.get_num_threads()
    mi.set_deterministic(True)
    yield
    mi.set_deterministic(False)
    mi.device.set_num_threads(before)


class Images(M.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = M.Sequential(M.Conv2d(3, 24, 3, padding=1), M.BatchNorm2d(24), M.ReLU(), M.MaxPool2d(2))
        self.grouped = M.Conv2d(24, 48, 3, groups=24, padding=1)
        self.norm = M.GroupNorm(4, 48)
        self.head = M.Linear(48, 10)

    def forward(self, x: mi.Tensor) -> mi.Tensor:
        x = F.relu(self.norm(self.grouped(self.stem(x))))
        return self.head(F.dropout(x.mean(axis=(2, 3)), 0.2))


class Words(M.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = M.Embedding(50, 32)
        self.gru = M.GRU(32, 40, batch_first=True)
        self.encoder = M.TransformerEncoderLayer(40, 4, 64, batch_first=True)
        self.head = M.Linear(40, 10)

    def forward(self, x: mi.Tensor) -> mi.Tensor:
        return self.head(self.encoder(self.gru(self.embedding(x))[0]).mean(axis=1))


def bits(make: type[M.Module], x: np.ndarray, threads: int, is_traced: bool) -> list[bytes]:
    """Losses of three steps and the weights after them."""
    mi.device.set_num_threads(threads)
    mi.random.seed(7)
    net = make()
    manager = mi.GradManager().attach(net.parameters())
    optimizer = mi.optimizer.Adam(net.parameters(), lr=1e-2)

    def step(x: mi.Tensor, y: mi.Tensor) -> mi.Tensor:
        with manager:
            loss = F.cross_entropy(net(x), y)
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    run = mi.trace(step) if is_traced else step
    inputs = mi.tensor(x), mi.tensor(np.arange(len(x)) % 10)
    losses = [run(*inputs).numpy(copy=True) for _ in range(3)]
    return [value.tobytes() for value in (*losses, *(np.array(v) for v in net.state_dict().values()))]


@pytest.mark.parametrize("is_traced", [False, True])
@pytest.mark.parametrize("make", [Images, Words])
def test_threads_change_no_bit(make: type[M.Module], is_traced: bool) -> None:
    rng = np.random.default_rng(0)
    x = (
        rng.standard_normal((16, 3, 32, 32)).astype("float32")
        if make is Images
        else rng.integers(0, 50, (16, 24))
    )
    first = bits(make, x, THREADS[0], is_traced)
    for threads in THREADS[1:]:
        assert bits(make, x, threads, is_traced) == first, f"{threads} threads"


def test_reductions_and_products() -> None:
    rng = np.random.default_rng(1)
    x = mi.tensor(rng.standard_normal((300, 1000)).astype("float32"))
    calls = [
        lambda: x.sum(), lambda: x.mean(axis=0), lambda: x.max(axis=1), lambda: F.softmax(x, axis=1),
        lambda: x @ x.transpose(), lambda: F.logsumexp(x, 1), lambda: x.var(), lambda: F.cumsum(x, 1),
        lambda: F.layer_norm(x, (1000,)), lambda: F.sort(x)[0], lambda: x[:4] @ x.transpose(),
    ]  # fmt: skip
    for number, call in enumerate(calls):
        found = set()
        for threads in THREADS:
            mi.device.set_num_threads(threads)
            found.add(call().numpy().tobytes())
        assert len(found) == 1, f"call {number}"


def test_each_mode_has_its_plan() -> None:
    x = mi.random.normal(size=(64, 512))
    product = mi.trace(lambda x: x @ x.transpose())
    product(x)

    def kernel() -> str:
        product(x)
        return product.explain().partition(" by ")[2].split()[0]

    mine = kernel()
    assert "onednn" not in mine
    mi.set_deterministic(False)
    quick = kernel()
    mi.set_deterministic(True)
    assert kernel() == mine
    assert ("onednn" in quick) == any("onednn" in name for name in mi._core.kernels("matmul"))
