"""Miai's SDK without the Python package: the C ABI by ctypes, and the program miai-run."""

from __future__ import annotations

import ctypes
import os
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bench.memory import ended_child

_FLOAT32 = 8  # MIAI_FLOAT32


class _Tensor(ctypes.Structure):
    """miai_tensor."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("dtype", ctypes.c_int),
        ("rank", ctypes.c_int32),
        ("shape", ctypes.c_int64 * 8),
        ("data", ctypes.c_void_p),
    ]


def sdk_folder() -> Path:
    """Where the package has the SDK, found without importing the package."""
    spec = find_spec("miai")
    folders = [] if spec is None else [Path(name) for name in spec.submodule_search_locations or ()]
    for folder in folders:
        if (folder / "lib" / "libmiai.so").exists():
            return folder
    raise RuntimeError(f"the SDK's library is in none of {folders}")


class Session:
    """A session of a model file's function "predict" with one float32 input and output."""

    def __init__(self, library: ctypes.CDLL, model_file: Path, threads: int) -> None:
        self._library = library
        model, self._session = ctypes.c_void_p(), ctypes.c_void_p()
        self._check(library.miai_set_threads(threads))
        self._check(library.miai_model_load(os.fsencode(model_file), 0, ctypes.byref(model)))
        self._check(library.miai_session_create(model, b"predict", None, ctypes.byref(self._session)))

    def set_input(self, x: np.ndarray) -> None:
        """Copies a float32 array in."""
        tensor = _Tensor(None, _FLOAT32, x.ndim, x.shape, x.ctypes.data)
        self._check(self._library.miai_session_set_input(self._session, 0, ctypes.byref(tensor)))

    def run(self) -> None:
        """One call of the function."""
        self._check(self._library.miai_session_run(self._session))

    def output(self) -> np.ndarray:
        """A copy of what the last run gave."""
        tensor = _Tensor()
        self._check(self._library.miai_session_output(self._session, 0, ctypes.byref(tensor)))
        shape = tuple(tensor.shape[: tensor.rank])
        data = ctypes.cast(tensor.data, ctypes.POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(data, shape).copy()

    def _check(self, status: int) -> None:
        if status:
            raise RuntimeError(self._library.miai_last_error().decode())


def load_library() -> ctypes.CDLL:
    """libmiai."""
    library = ctypes.CDLL(str(sdk_folder() / "lib" / "libmiai.so"))
    library.miai_last_error.restype = ctypes.c_char_p
    return library


def miai_run(*arguments: str) -> tuple[int, str]:
    """Runs the program: the most memory that it held, and what it printed. Raises RuntimeError where it
    fails."""
    return ended_child([str(sdk_folder() / "bin" / "miai-run"), *arguments])


def run_once(model_file: Path, x: np.ndarray, threads: int) -> tuple[np.ndarray, float]:
    """What ``miai-run run`` computes, and its seconds from start to end."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/x.npy", x)
        begin = time.perf_counter()
        miai_run(
            "run", str(model_file), "--threads", str(threads), "--input", f"x={folder}/x.npy", "--output",
            f"{folder}/out",
        )  # fmt: skip
        seconds = time.perf_counter() - begin
        (output,) = Path(folder, "out").iterdir()
        return np.load(output), seconds
