"""Data: datasets, samplers, transforms, and the loader that makes batches of them with worker processes."""

from . import dataset, sampler, transform
from ._errors import WorkerError
from ._progress import progress
from ._seeding import get_rng, seeded, set_seed
from ._worker import WorkerInfo, get_worker_info
from .collator import Collator
from .dataset import (
    CIFAR10,
    CIFAR100,
    MNIST,
    ArrayDataset,
    ConcatDataset,
    Dataset,
    Digits,
    FashionMNIST,
    ImageFolder,
    StreamDataset,
)
from .loader import DataLoader
from .sampler import (
    Infinite,
    MapSampler,
    RandomSampler,
    ReplacementSampler,
    Sampler,
    SequentialSampler,
    StreamSampler,
)

__all__ = [
    "ArrayDataset",
    "CIFAR10",
    "CIFAR100",
    "Collator",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "Digits",
    "FashionMNIST",
    "ImageFolder",
    "Infinite",
    "MNIST",
    "MapSampler",
    "RandomSampler",
    "ReplacementSampler",
    "Sampler",
    "SequentialSampler",
    "StreamDataset",
    "StreamSampler",
    "WorkerError",
    "WorkerInfo",
    "dataset",
    "get_rng",
    "get_worker_info",
    "progress",
    "sampler",
    "seeded",
    "set_seed",
    "transform",
]
