"""Datasets: the interfaces, arrays, and well-known sets of images."""

from .base import ArrayDataset, ConcatDataset, Dataset, StreamDataset
from .cifar import CIFAR10, CIFAR100
from .folder import ImageFolder
from .idx import read_idx
from .mnist import MNIST, Digits, FashionMNIST

__all__ = [
    "ArrayDataset",
    "CIFAR10",
    "CIFAR100",
    "ConcatDataset",
    "Dataset",
    "Digits",
    "FashionMNIST",
    "ImageFolder",
    "MNIST",
    "StreamDataset",
    "read_idx",
]
