"""Small forms of the benchmarks' models, as functions that run a traced step and give the trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import miai as mi
from miai import functional as F  # noqa: N812
from miai import module as M  # noqa: N812
from miai.models.gpt2 import GPT2


def image(batch: int, size: int) -> mi.Tensor:
    return mi.random.normal(size=(batch, 3, size, size))


def classes(batch: int) -> mi.Tensor:
    return mi.tensor([i % 2 for i in range(batch)])


def infer(net: M.Module, x: mi.Tensor) -> Any:
    net.eval()
    predict = mi.trace(lambda x: net(x))
    for _ in range(2):
        predict(x)
    return predict


def train(
    net: M.Module, x: mi.Tensor, loss_of: Callable[[mi.Tensor], mi.Tensor], is_adam: bool = False
) -> Any:
    net.train()
    manager = mi.GradManager().attach(net.parameters())
    if is_adam:
        optimizer: Any = mi.optimizer.Adam(net.parameters(), lr=1e-3)
    else:
        optimizer = mi.optimizer.SGD(net.parameters(), lr=0.01, momentum=0.9)

    @mi.trace
    def step(x: mi.Tensor) -> mi.Tensor:
        with manager:
            loss = loss_of(net(x))
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    for _ in range(2):
        step(x)
    return step


def classify(y: mi.Tensor) -> mi.Tensor:
    return F.cross_entropy(y, classes(y.shape[0]))


def mean_square(y: mi.Tensor) -> mi.Tensor:
    return (y**2).mean()


def encoder() -> M.Module:
    return mi.models.transformer_encoder(d_model=32, nhead=2, num_layers=1, dim_feedforward=64)


def words() -> mi.Tensor:
    return mi.tensor([[1, 2, 3, 4], [4, 3, 2, 1]])


def mlp() -> M.Module:
    return M.Sequential(M.Linear(8, 8), M.ReLU(), M.Linear(8, 8), M.ReLU(), M.Linear(8, 8))


def chain(x: mi.Tensor) -> mi.Tensor:
    for _ in range(25):
        x = F.tanh(F.maximum(x * 0.5 + 1.0, 0.25))
    return x


def traced_chain() -> Any:
    run = mi.trace(chain)
    for _ in range(2):
        run(F.full((10, 10), 1.0))
    return run


def decode() -> Any:
    net = GPT2(vocab_size=16, n_positions=8, n_embd=16, n_layer=1, n_head=2).eval()
    cache = net.new_cache(batch=1, length=8)
    step = mi.trace(lambda token: net(token, cache))
    for _ in range(2):
        step(mi.tensor([[1]]))
    return step


MODELS: dict[str, Callable[[], Any]] = {
    "rosetta_train": lambda: train(mi.models.rosetta_cnn(), image(2, 32), classify),
    "resnet50_train": lambda: train(mi.models.resnet50(), image(2, 32), classify),
    "resnet50_infer": lambda: infer(mi.models.resnet50(), image(1, 32)),
    "mobilenet_v2_infer": lambda: infer(mi.models.mobilenet_v2(), image(1, 32)),
    "encoder_train": lambda: train(encoder(), mi.random.normal(size=(2, 4, 32)), mean_square, is_adam=True),
    "encoder_infer": lambda: infer(encoder(), mi.random.normal(size=(2, 4, 32))),
    "gru_train": lambda: train(mi.models.gru_classifier(vocabulary=16), words(), classify, is_adam=True),
    "gru_infer": lambda: infer(mi.models.gru_classifier(vocabulary=16), words()),
    "mlp_train": lambda: train(mlp(), mi.random.normal(size=(8, 8)), mean_square),
    "chain": traced_chain,
    "gpt2_decode": decode,
}
