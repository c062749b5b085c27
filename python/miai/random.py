"""Random numbers: counter-based (Philox), the same eager and traced, whatever the threads.

A generator is a state of two integers, seed and next ticket; each random operator as written takes one
ticket.
"""

from __future__ import annotations

from typing import Any

from . import _core
from .data import set_seed as set_data_seed
from .dtype import dtype_name
from .tensor import Tensor


def seed(seed: int) -> None:
    """Seeds the default generators of all devices, and what samplers and loaders draw their seeds from.

    >>> seed(1); a = uniform(size=(2,)).tolist(); seed(1); a == uniform(size=(2,)).tolist()
    True
    """
    if not isinstance(seed, int):
        raise TypeError(f"seed: expected an int, got {type(seed).__name__}")
    if _core.is_recording():
        raise RuntimeError("random.seed inside a traced function would run only once; seed outside of it")
    _core.seed(seed & (2**63 - 1))
    set_data_seed(seed & (2**63 - 1))


def get_rng_state() -> Tensor:
    """The default generator's state on the default device: (seed, next ticket), int64. A copy."""
    return Tensor(_core.default_generator(None).numpy(copy=True))


def set_rng_state(state: Any) -> None:
    """Puts the default generator in a state that `get_rng_state` gave."""
    words = Tensor(state)
    if words.shape != (2,) or str(words.dtype) != "int64":
        raise ValueError(
            f"set_rng_state: expected an int64 tensor of shape (2,), got {words.dtype} {words.shape}"
        )
    _core.reset(_core.default_generator(None), words)


class RNG:
    """A generator of its own.

    >>> RNG(seed=3).uniform(size=(2,)).tolist() == RNG(seed=3).uniform(size=(2,)).tolist()
    True
    """

    def __init__(self, seed: int | None = None, device: str | None = None) -> None:
        if seed is None:
            self._state = _core.default_generator(device)
        else:
            self._state = _core.make_generator(seed, device)

    @property
    def state(self) -> Tensor:
        """The generator's cell, (seed, next ticket): part of a checkpoint."""
        return self._state

    def uniform(self, low: float = 0, high: float = 1, size: Any = (), *, dtype: Any = "float32") -> Tensor:
        """Numbers drawn evenly from [low, high)."""
        return _core.op("uniform")(low=low, high=high, shape=size, dtype=dtype_name(dtype), state=self._state)

    def normal(self, mean: float = 0, std: float = 1, size: Any = (), *, dtype: Any = "float32") -> Tensor:
        """Normally distributed numbers."""
        return _core.op("normal")(mean=mean, std=std, shape=size, dtype=dtype_name(dtype), state=self._state)

    def permutation(self, n: Any, *, dtype: Any = "int32") -> Tensor:
        """The numbers 0 to n - 1 in random order."""
        return _core.op("permutation")(n=n, dtype=dtype_name(dtype), state=self._state)

    def shuffle(self, inp: Tensor) -> None:
        """Puts the elements along the first axis of a tensor into random order, in place. Raises ValueError
        for rank 0."""
        if inp.ndim == 0:
            raise ValueError("shuffle: argument 'inp': expected rank at least 1, got rank 0")
        _core.reset(inp, inp[self.permutation(inp.shape[0])])


def permutation(n: Any, *, dtype: Any = "int32", device: str | None = None) -> Tensor:
    """The numbers 0 to n - 1 in random order; in a trace n may be a dynamic size.

    >>> sorted(permutation(3).tolist())
    [0, 1, 2]
    """
    return RNG(device=device).permutation(n, dtype=dtype)


def shuffle(inp: Tensor) -> None:
    """Puts the elements of a tensor along its first axis into random order, in place.

    >>> import miai as mi
    >>> x = mi.tensor([1, 2, 3])
    >>> shuffle(x)
    >>> sorted(x.tolist())
    [1, 2, 3]
    """
    RNG(device=inp.device).shuffle(inp)


def uniform(
    low: float = 0, high: float = 1, size: Any = (), *, dtype: Any = "float32", device: str | None = None
) -> Tensor:
    """Numbers drawn evenly from [low, high), of shape `size`, from the device's default generator.

    >>> uniform(size=(2, 3)).shape
    (2, 3)
    """
    return RNG(device=device).uniform(low, high, size, dtype=dtype)


def normal(
    mean: float = 0, std: float = 1, size: Any = (), *, dtype: Any = "float32", device: str | None = None
) -> Tensor:
    """Normally distributed numbers, of shape `size`, from the device's default generator.

    >>> normal(size=4).shape
    (4,)
    """
    return RNG(device=device).normal(mean, std, size, dtype=dtype)
