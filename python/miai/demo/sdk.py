"""The demo's second half: the dumped model in the C++ SDK."""

from __future__ import annotations

import pathlib
import subprocess

import numpy as np

from .. import sdk_path


def program() -> str:
    """Path of miai-run."""
    return str(pathlib.Path(sdk_path()) / "bin" / "miai-run")


def miai_run(*arguments: str) -> str:
    """Runs miai-run and gives what it printed. Raises RuntimeError with its message if it fails."""
    done = subprocess.run([program(), *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"miai-run {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def predictions(model: pathlib.Path, images: np.ndarray, folder: pathlib.Path) -> np.ndarray:
    """Class probabilities that the SDK computes for images."""
    np.save(folder / "images.npy", images)
    miai_run("run", str(model), "--input", f"images={folder / 'images.npy'}", "--output", str(folder))
    return np.load(folder / "output.npy")
