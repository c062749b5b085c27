"""MNIST, Fashion-MNIST and the small handwritten digits that come with the package."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .base import ArrayDataset
from .idx import read_idx

_Path = str | os.PathLike[str]


class _LabelledImages(ArrayDataset):
    """Images (N, H, W, 1) uint8 with labels (N,) int64; a sample is (image (H, W, 1), label)."""

    class_names: tuple[str, ...] = tuple("0123456789")

    def __init__(self, images: npt.NDArray[np.uint8], labels: npt.NDArray[Any]) -> None:
        self.images = images[..., np.newaxis]
        self.labels = labels.astype(np.int64)
        super().__init__(self.images, self.labels)


def _find(folder: Path, stem: str) -> Path | None:
    for name in (stem, stem + ".gz", stem.replace("-idx", ".idx"), stem.replace("-idx", ".idx") + ".gz"):
        if (folder / name).is_file():
            return folder / name
    return None


class MNIST(_LabelledImages):
    """The 60,000 + 10,000 handwritten digits, 28 x 28, of Y. LeCun, C. Cortes and C. Burges.

    Args:
        root: the folder with the four IDX files (`train-images-idx3-ubyte`, ..., plain or `.gz`).
        train: the 60,000 training images (True) or the 10,000 test images.
        download: is not done; the argument is there for the sake of existing programs.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged.
    """

    default_root: str | None = None
    hint = "give root=, the folder that holds the four MNIST files"

    def __init__(self, root: _Path | None = None, train: bool = True, download: bool = False) -> None:
        name, folder = type(self).__name__, root if root is not None else self.default_root
        if folder is None:
            raise FileNotFoundError(f"{name}: argument 'root': expected a folder, got None; {self.hint}")
        part, arrays = "train" if train else "t10k", []
        for kind in ("images-idx3", "labels-idx1"):
            path = _find(Path(folder), f"{part}-{kind}-ubyte")
            if path is None:
                raise FileNotFoundError(
                    f"{name}: there is no {part}-{kind}-ubyte or {part}-{kind}-ubyte.gz in"
                    f" {Path(folder)}; {self.hint}"
                )
            arrays.append(read_idx(path))
        images, labels = arrays
        if images.ndim != 3 or images.dtype != np.uint8 or labels.shape != images.shape[:1]:
            raise ValueError(
                f"{name}: {Path(folder)}: expected uint8 images of rank 3 and as many labels, got images"
                f" {images.dtype} {list(images.shape)}, labels {list(labels.shape)}"
            )
        super().__init__(images, labels)


class FashionMNIST(MNIST):
    """Zalando's 60,000 + 10,000 images of clothing, 28 x 28, ten classes (MIT licence).

    Read from `root`, or from where the Debian package `dataset-fashion-mnist` puts them. Arguments and errors
    as in MNIST. Source: https://github.com/zalandoresearch/fashion-mnist
    """

    default_root = "/usr/share/datasets/fashion-mnist"
    hint = "install the Debian package with `apt install dataset-fashion-mnist`, or give root="
    class_names = (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    )  # fmt: skip


class Digits(_LabelledImages):
    """1,797 handwritten digits, 8 x 8, values 0 to 16, that come with the package: works anywhere.

    Of each ten samples in a row, the last two are for testing: 1,439 for training, 358 for testing.
    Source: E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, CC BY 4.0 (see README.md in this
    folder).

    Args:
        train: True: the training part; False: the testing part; None: all.

    >>> data = Digits(train=False)
    >>> len(data), data[0][0].shape, int(data[0][1])
    (358, (8, 8, 1), 8)
    """

    def __init__(self, train: bool | None = True) -> None:
        with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as file:
            images, labels = file["images"], file["labels"]
        if train is not None:
            chosen = (np.arange(len(labels)) % 10 < 8) == train
            images, labels = images[chosen], labels[chosen]
        super().__init__(images, labels)
