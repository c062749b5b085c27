"""GradManager: records operators and sets gradients."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import _core
from ..tensor import Tensor

Callback = Callable[[Tensor, Tensor], Tensor]


class _Attached:
    """One attached tensor, held weakly, and its callbacks."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = weakref.ref(tensor)
        self.callbacks: list[Callback] = []


class GradManager:
    """Records what is computed from attached tensors, and sets their ``.grad`` on `backward`.

    Managers nest: the outer one sees the inner one's backward, which gives gradients of any order.

    >>> import miai as mi
    >>> w = mi.tensor([3.0])
    >>> gm = mi.autodiff.GradManager().attach([w])
    >>> with gm:
    ...     gm.backward((w * w).sum())
    >>> w.grad
    Tensor([6.])
    """

    def __init__(self) -> None:
        self._attached: dict[int, _Attached] = {}
        self._tape: Any = None
        self._sources: list[_Attached] = []

    def attach(self, tensors: Iterable[Tensor] | Tensor, callbacks: Any = None) -> GradManager:
        """Adds tensors (floating; held weakly) to take gradients of, with callbacks ``(tensor, grad) ->
        grad``."""
        if isinstance(tensors, Tensor):
            tensors = [tensors]
        calls: Sequence[Callback] = [callbacks] if callable(callbacks) else list(callbacks or [])
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise TypeError(f"attach: expected Tensors, got {type(tensor).__name__}")
            if "float" not in str(tensor.dtype):
                raise TypeError(f"attach: expected floating tensors, got {tensor.dtype}")
            entry = self._attached.get(id(tensor))
            if entry is None or entry.tensor() is not tensor:
                entry = self._attached[id(tensor)] = _Attached(tensor)
                if self._tape is not None:
                    self._start_source(entry)
            entry.callbacks.extend(calls)
        return self

    def attached_tensors(self) -> list[Tensor]:
        """The tensors attached and still alive."""
        return [t for t in (entry.tensor() for entry in self._attached.values()) if t is not None]

    def _start_source(self, entry: _Attached) -> None:
        tensor = entry.tensor()
        if tensor is not None:
            self._tape.attach([tensor])
            self._sources.append(entry)

    def record(self) -> None:
        """Starts recording; `with gm:` does so."""
        if self._tape is not None:
            raise RuntimeError(
                "GradManager: already recording; leave the first `with gm:` or call gm.release()"
            )
        self._tape = _core.Tape()
        self._sources = []
        for key, entry in list(self._attached.items()):
            if entry.tensor() is None:
                del self._attached[key]
            else:
                self._start_source(entry)
        self._tape.start()

    def release(self) -> None:
        """Stops recording and forgets what was recorded."""
        if self._tape is not None:
            self._tape.stop()
            self._tape = None
            self._sources = []

    def backward(self, y: Any = None, dy: Any = None) -> None:
        """Adds the gradients of y (a tensor or a list), weighted by dy (ones if None), to the tensors'
        ``.grad``.

        Raises RuntimeError outside of recording, ValueError if dy does not fit y.
        """
        if self._tape is None:
            raise RuntimeError(
                "GradManager: backward outside of recording; use `with gm:` around the forward pass"
            )
        targets, seeds = _targets_and_seeds(y, dy)
        tape, sources = self._tape, self._sources
        self._tape, self._sources = None, []
        grads = tape.backward(targets, seeds)
        for entry, grad in zip(sources, grads, strict=True):
            tensor = entry.tensor()
            if tensor is None or grad is None:
                continue
            for callback in entry.callbacks:
                grad = callback(tensor, grad)
                if not isinstance(grad, Tensor):
                    raise TypeError("GradManager: a callback must return the gradient as a Tensor")
            tensor.grad = grad if tensor.grad is None else tensor.grad + grad

    def __enter__(self) -> GradManager:
        self.record()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.release()


def _targets_and_seeds(y: Any, dy: Any) -> tuple[list[Tensor], list[Tensor]]:
    targets = [] if y is None else [y] if isinstance(y, Tensor) else list(y)
    seeds: list[Any] = [None] * len(targets) if dy is None else [dy] if isinstance(dy, Tensor) else list(dy)
    if len(seeds) != len(targets):
        raise ValueError(
            f"backward: argument 'dy': expected {len(targets)} tensors as for 'y', got {len(seeds)}"
        )
    ones = _core.op("full")
    for i, (target, seed) in enumerate(zip(targets, seeds, strict=True)):
        if not isinstance(target, Tensor):
            raise TypeError(f"backward: argument 'y': expected a Tensor, got {type(target).__name__}")
        if seed is None:
            seeds[i] = ones(shape=target.shape, value=1.0, dtype=str(target.dtype), device=target.device)
        elif tuple(seed.shape) != tuple(target.shape):
            raise ValueError(
                f"backward: argument 'dy': expected shape {target.shape} as of 'y', got {seed.shape}"
            )
    return targets, seeds
