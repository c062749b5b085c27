"""ImageFolder: images in one folder a class."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .base import Dataset

_SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp", ".npy")


class ImageFolder(Dataset):
    """Images under `root`, one folder a class; a sample is (image (H, W, 3) uint8 RGB, class number).

    Classes are numbered in the order of their names. Needs Pillow when an image is read (`.npy` files need
    nothing).

    Args:
        root: the folder that holds the classes' folders.
        check_valid_func: takes a path, says whether it is a sample; None: by the name's ending.
        class_name: give the class's name beside its number.

    Raises:
        FileNotFoundError: no such folder, or no image in it.
        ImportError: Pillow is not installed.
        ValueError: a file is not an image; the message names it.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        check_valid_func: Callable[[str], bool] | None = None,
        class_name: bool = False,
    ) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise FileNotFoundError(f"ImageFolder: argument 'root': there is no folder {self.root}")
        valid = check_valid_func or (lambda path: path.lower().endswith(_SUFFIXES))
        self.class_names = sorted(entry.name for entry in self.root.iterdir() if entry.is_dir())
        self.class_name = class_name
        self.samples = [
            (path, label)
            for label, name in enumerate(self.class_names)
            for path in sorted(str(file) for file in (self.root / name).rglob("*") if file.is_file())
            if valid(path)
        ]
        if not self.samples:
            raise FileNotFoundError(
                f"ImageFolder: argument 'root': no image in the folders under {self.root}"
            )

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        path, label = self.samples[index]
        image = _read(path)
        return (image, label, self.class_names[label]) if self.class_name else (image, label)

    def __len__(self) -> int:
        return len(self.samples)


def _read(path: str) -> npt.NDArray[Any]:
    if path.endswith(".npy"):
        array: npt.NDArray[Any] = np.load(path, allow_pickle=False)
        return array
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise ImportError(
            "ImageFolder: reading images needs Pillow; install it with `pip install pillow`"
        ) from error
    try:
        with Image.open(path) as image:
            return np.array(image.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError(f"ImageFolder: {path}: not an image that can be read ({error})") from error
