"""CIFAR10 and CIFAR100, read from their binary version, in which nothing can be executed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .base import ArrayDataset

_PIXELS = 3 * 32 * 32


class CIFAR10(ArrayDataset):
    """50,000 + 10,000 images, 32 x 32 x 3 (RGB), ten classes, by A. Krizhevsky.

    Reads the *binary version* (`cifar-10-binary.tar.gz`, unpacked) of
    https://www.cs.toronto.edu/~kriz/cifar.html: the Python version consists of pickles, which can run code.

    Args:
        root: the folder with the `.bin` files, or the one above it.
        train: the training images (True) or the test images.
        download: is not done; the argument is there for the sake of existing programs.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file has a wrong size or label.
    """

    folder = "cifar-10-batches-bin"
    train_files: tuple[str, ...] = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
    test_files: tuple[str, ...] = ("test_batch.bin",)
    classes = 10
    label_bytes = 1

    def __init__(
        self, root: str | os.PathLike[str] | None = None, train: bool = True, download: bool = False
    ) -> None:
        name = type(self).__name__
        if root is None:
            raise FileNotFoundError(
                f"{name}: argument 'root': expected the folder of the .bin files, got None"
            )
        folder = Path(root)
        if (folder / self.folder).is_dir():
            folder = folder / self.folder
        parts = []
        for file in self.train_files if train else self.test_files:
            if not (folder / file).is_file():
                raise FileNotFoundError(
                    f"{name}: there is no {file} in {folder}; unpack the binary version there"
                )
            data = np.fromfile(folder / file, np.uint8)
            if data.size == 0 or data.size % (self.label_bytes + _PIXELS):
                raise ValueError(
                    f"{name}: {folder / file}: expected records of {self.label_bytes + _PIXELS} bytes,"
                    f" got {data.size}"
                )
            parts.append(data.reshape(-1, self.label_bytes + _PIXELS))
        records = np.concatenate(parts)
        self.labels = records[:, self.label_bytes - 1].astype(np.int64)
        if self.labels.max() >= self.classes:
            raise ValueError(
                f"{name}: {folder}: expected labels below {self.classes}, got {self.labels.max()}"
            )
        planes = records[:, self.label_bytes :].reshape(-1, 3, 32, 32)
        self.images = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
        super().__init__(self.images, self.labels)


class CIFAR100(CIFAR10):
    """50,000 + 10,000 images, 32 x 32 x 3 (RGB), a hundred classes. As CIFAR10."""

    folder = "cifar-100-binary"
    train_files = ("train.bin",)
    test_files = ("test.bin",)
    classes = 100
    label_bytes = 2
