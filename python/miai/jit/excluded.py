"""exclude_from_trace: Python that a program calls."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from ..autodiff.no_grad import no_grad
from ..tensor import Tensor
from ..tree import flatten, unflatten
from .effects import record_effect


class exclude_from_trace:  # noqa: N801 - used like a keyword
    """Decorator for a function of tensors that stays Python: a traced program calls it in each run.

    Inside, values may be read (``x.item()``), branched on, printed, given to other libraries. Results must
    keep the shapes and dtypes that they had when the program was recorded; what is no Tensor in arguments and
    results stays as it was then; arguments of other sizes are another program. The tensors come without
    gradient in a traced program, and a gradient through the results raises NotImplementedError. Outside of a
    trace it is a plain call. A program with such a call cannot be dumped, unless it gives no tensor: then the
    call is left out.

    As a context it marks code that must not be traced: it raises TraceError inside of a recording.

    Raises, in a traced program: RuntimeError with what the function raised; ValueError for another shape or
    dtype; ValueError at the recording for tensors of a device that runs beside the caller's thread.

    >>> import miai as mi
    >>> @exclude_from_trace
    ... def clamp_large(x):
    ...     return x / x.max() if x.max().item() > 1 else x
    >>> @mi.trace
    ... def step(x):
    ...     return clamp_large(x) + 1
    >>> [step(mi.tensor(v)).tolist() for v in ([0.5, 1.0], [0.5, 4.0], [0.25, 0.5])]
    [[1.5, 2.0], [1.125, 2.0], [1.25, 1.5]]
    """

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        if function is None:
            return super().__new__(cls)
        if not callable(function):
            raise TypeError(f"exclude_from_trace: expected a function, got {type(function).__name__}")
        return _excluded(function)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _excluded(function)

    def __enter__(self) -> None:
        from .trace import TraceError

        if _core.is_recording():
            raise TraceError(
                "exclude_from_trace: a block of code cannot be left out of a program; make it a function "
                "of tensors and decorate that with @exclude_from_trace"
            )

    def __exit__(self, *exception: Any) -> None:
        return None


def _excluded(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not _core.is_recording():
            return function(*args, **kwargs)
        return _record(function, args, kwargs)

    return wrapped


def _record(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    leaves, structure = flatten((args, kwargs))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
    inputs = [leaves[i] for i in places]
    dtypes = [tensor.dtype for tensor in inputs]
    template = [None if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    for tensor in inputs:
        if tensor.device != "cpu":
            raise ValueError(
                f"exclude_from_trace: expected tensors of device cpu, got one of {tensor.device}"
            )
        for size in tensor.shape:
            int(size)  # a guard: nobody knows how the results' sizes follow from it

    def call(tensors: list[Tensor]) -> Any:
        filled = list(template)
        for place, tensor in zip(places, tensors, strict=True):
            filled[place] = tensor
        call_args, call_kwargs = unflatten(structure, filled)
        with no_grad():
            return function(*call_args, **call_kwargs)

    def run(*arrays: np.ndarray) -> list[Tensor]:
        return _tensors(call([Tensor(a, dtype, "cpu") for a, dtype in zip(arrays, dtypes, strict=True)]))

    with _core.RecordingPause():
        result_leaves, result_structure = flatten(call([_copy(tensor) for tensor in inputs]))
        # copies: a result that is one of the inputs is a value of its own in the program
        result_leaves = [_copy(leaf) if isinstance(leaf, Tensor) else leaf for leaf in result_leaves]
    results = [leaf for leaf in result_leaves if isinstance(leaf, Tensor)]
    record_effect("exclude_from_trace", run, inputs, results)
    return unflatten(result_structure, result_leaves)


def _tensors(result: Any) -> list[Tensor]:
    return [leaf for leaf in flatten(result)[0] if isinstance(leaf, Tensor)]


def _copy(tensor: Tensor) -> Tensor:
    return Tensor(tensor.numpy(copy=True), tensor.dtype, "cpu")
