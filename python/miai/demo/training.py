"""Trains the demo's network: first steps eagerly, the rest with the same step under trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import functional as F  # noqa: N812
from .. import optimizer as O  # noqa: N812, E741
from .. import trace
from ..autodiff import GradManager
from ..data import ArrayDataset, DataLoader, Digits, FashionMNIST, RandomSampler, SequentialSampler
from ..data import progress as progress_bar
from ..data.transform import Compose, Normalize, ToMode
from ..tensor import Tensor, tensor
from .network import ResidualNet

FASHION_CLASSES = (
    "T-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "boot",
)


@dataclass
class Task:
    """A data set, and how long to train on it."""

    name: str
    train: Any
    test: Any
    classes: tuple[str, ...]
    mean: float
    std: float
    batch_size: int
    epochs: int
    eager_steps: int
    goal: float  # test accuracy that the demo promises


def find_task(name: str, quick: bool) -> Task:
    """Fashion-MNIST where Debian's package dataset-fashion-mnist is installed, else the digits in the
    package."""
    if name in ("auto", "fashion"):
        try:
            train, test = FashionMNIST(train=True), FashionMNIST(train=False)
            task = Task("Fashion-MNIST", train, test, FASHION_CLASSES, 72.9, 90.0, 128, 3, 60, 0.90)
            if quick:
                task.train = ArrayDataset(*(array[:2560] for array in train.arrays))
                task.test = ArrayDataset(*(array[:1024] for array in test.arrays))
                task.epochs, task.eager_steps, task.goal = 1, 5, 0.0
            return task
        except OSError:
            if name == "fashion":
                raise
    digits = Digits(train=True), Digits(train=False)
    epochs = 2 if quick else 40
    return Task(
        "handwritten digits", *digits, tuple("0123456789"), 78.0, 96.0, 32, epochs, 10, 0.0 if quick else 0.97
    )


def batches(task: Task, dataset: Any, training: bool) -> DataLoader:
    """Batches of images (N, 1, H, W), normalised, with labels."""
    transform = Compose([Normalize(task.mean, task.std), ToMode("CHW")])
    kind: Any = RandomSampler if training else SequentialSampler
    sampler = kind(dataset, batch_size=task.batch_size, drop_last=training)
    return DataLoader(dataset, sampler, transform)


def to_tensors(batch: Any) -> tuple[Tensor, Tensor]:
    """A loader's batch as tensors: float32 images, int64 labels."""
    images, labels = batch
    return tensor(np.ascontiguousarray(images, dtype="float32")), tensor(np.asarray(labels, dtype="int64"))


@dataclass
class Trained:
    """What training gave."""

    net: ResidualNet
    predict: Any
    losses: list[float] = field(default_factory=list)
    eager_rate: float = 0.0  # images a second
    traced_rate: float = 0.0
    step: Any = None


def make_step(net: ResidualNet, optimizer: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """One step of training, as a plain function."""
    manager = GradManager().attach(net.parameters())

    def step(images: Tensor, labels: Tensor) -> Tensor:
        with manager:
            loss = F.cross_entropy(net(images), labels)
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    return step


def train(task: Task) -> Trained:
    """Trains for the task's epochs; the first `eager_steps` run eagerly."""
    net = ResidualNet(len(task.classes))
    optimizer = O.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    loader = batches(task, task.train, training=True)
    total = len(loader) * task.epochs
    schedule = O.WarmupLR(O.CosineLR(optimizer, total), total // 10)
    step = make_step(net, optimizer)
    traced = trace(step)
    result = Trained(net, make_predict(net), step=traced)
    clock = Clock(task.batch_size)
    for epoch in range(task.epochs):
        for batch in progress_bar(loader, f"epoch {epoch + 1}/{task.epochs}"):
            eagerly = len(result.losses) < task.eager_steps
            images, labels = to_tensors(batch)
            with clock.measure("eager" if eagerly else "traced"):
                loss = (step if eagerly else traced)(images, labels).item()
            result.losses.append(loss)
            schedule.step()
    result.eager_rate, result.traced_rate = clock.rate("eager"), clock.rate("traced")
    return result


class Clock:
    """Images a second of each way to run: the median over steps, so that compiling does not count."""

    def __init__(self, batch_size: int) -> None:
        self._batch_size = batch_size
        self._seconds: dict[str, list[float]] = {}
        self._name = ""
        self._start = 0.0

    def measure(self, name: str) -> Clock:
        self._name = name
        return self

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *exception: Any) -> None:
        self._seconds.setdefault(self._name, []).append(time.perf_counter() - self._start)

    def rate(self, name: str) -> float:
        return self._batch_size / float(np.median(self._seconds.get(name, [np.inf])))


def make_predict(net: ResidualNet) -> Any:
    """Class probabilities for images, traced; the network must be in eval mode."""

    @trace(dynamic={"images": 0})
    def predict(images: Tensor) -> Tensor:
        return F.softmax(net(images), axis=1)

    return predict


def evaluate(task: Task, trained: Trained) -> tuple[float, np.ndarray]:
    """Accuracy on the test set, and the probabilities of its images."""
    trained.net.eval()
    probabilities, right = [], 0
    for images, labels in _test_tensors(task):
        scores = trained.predict(images).numpy()
        right += int((scores.argmax(1) == labels.numpy()).sum())
        probabilities.append(scores)
    scores = np.concatenate(probabilities)
    return right / len(scores), scores


def _test_tensors(task: Task) -> Iterator[tuple[Tensor, Tensor]]:
    for batch in progress_bar(batches(task, task.test, training=False), "test"):
        yield to_tensors(batch)
