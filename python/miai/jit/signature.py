"""The signature of a traced call: which calls may share a program."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from ..dtype import dtype_name
from ..tensor import Tensor
from ..tree import flatten, paths, unflatten

_SCALARS = (bool, int, float, complex, str, bytes, type(None))


class Call:
    """One call's arguments: tensors apart from the rest.

    `base` is what must agree for two calls to be sizes of one program: tree, dtypes, ranks, devices, other
    values.
    """

    def __init__(
        self, name: str, parameters: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._leaves, self._structure = flatten((args, kwargs))
        names = paths(_named(parameters, args, kwargs))
        self.tensors: list[Tensor] = []
        self.names: list[str] = []
        base: list[Hashable] = []
        self._places: list[int] = []
        for i, (leaf, path) in enumerate(zip(self._leaves, names, strict=True)):
            if isinstance(leaf, Tensor):
                self._places.append(i)
                self.tensors.append(leaf)
                self.names.append(path)
                base.append((dtype_name(leaf.dtype), leaf.ndim, leaf.device))
            else:
                base.append((type(leaf), _static(name, path, leaf)))
        self.base: Hashable = (self._structure, tuple(base))
        self.shapes = [list(t.shape) for t in self.tensors]

    def rebuilt(self, tensors: list[Tensor]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with other tensors in the same places."""
        leaves = list(self._leaves)
        for place, tensor in zip(self._places, tensors, strict=True):
            leaves[place] = tensor
        args, kwargs = unflatten(self._structure, leaves)
        return args, kwargs


def _named(parameters: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    named = {parameters[i] if i < len(parameters) else f"arg{i}": value for i, value in enumerate(args)}
    return {**named, **kwargs}


def static_result(name: str, path: str, leaf: Any) -> Any:
    """A value of the result that is no tensor: the same in each call, or an error."""
    if isinstance(leaf, (*_SCALARS, np.dtype)) or hasattr(leaf, "named_parameters"):
        return leaf
    raise TypeError(
        f"trace: {name} returns {type(leaf).__name__} at '{path or '.'}': expected Tensors, numbers, strings "
        "or nested lists, tuples and dicts of them; anything else would be that of the first call for ever"
    )


def _static(name: str, path: str, leaf: Any) -> Hashable:
    if isinstance(leaf, _SCALARS) or callable(leaf) or hasattr(leaf, "named_parameters"):
        return leaf
    if hasattr(leaf, "__array__"):
        raise TypeError(
            f"trace: argument '{path}' of {name}: expected a Tensor or a Python value, got "
            f"{type(leaf).__name__}; pass miai.tensor(array), so that its data is an "
            "input and not part of the program"
        )
    try:
        hash(leaf)
    except TypeError:
        raise TypeError(
            f"trace: argument '{path}' of {name}: expected Tensors, numbers, strings or nested lists "
            f"and dicts of them, got {type(leaf).__name__}"
        ) from None
    return leaf


def parameter_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of a function's positional parameters, for messages and for the inputs of a dump."""
    try:
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        return tuple(p.name for p in inspect.signature(function).parameters.values() if p.kind in kinds)
    except (TypeError, ValueError):
        return ()


class Sizes:
    """Which dims of one base are dynamic: those named, and those of which a second size was seen (0 and 1
    stay static)."""

    def __init__(self, dynamic: dict[str, tuple[int, ...]], call: Call) -> None:
        self._dynamic = [set() for _ in call.tensors]  # type: list[set[int]]
        self._first = call.shapes
        for i, name in enumerate(call.names):
            for axis in dynamic.get(name, ()):
                rank = call.tensors[i].ndim
                if not -rank <= axis < rank:
                    raise ValueError(f"trace: dynamic={{'{name}': {axis}}}: the tensor has rank {rank}")
                self._dynamic[i].add(axis % rank)

    def promote(self, call: Call) -> None:
        """Makes dims dynamic whose size differs from the first call's."""
        for dims, first, shape in zip(self._dynamic, self._first, call.shapes, strict=True):
            for axis, (was, now) in enumerate(zip(first, shape, strict=True)):
                if was != now and was > 1 and now > 1:
                    dims.add(axis)

    def flags(self, call: Call) -> list[list[bool]]:
        """For each dim of each tensor whether it is dynamic in this call."""
        return [
            [axis in dims and size > 1 for axis, size in enumerate(shape)]
            for dims, shape in zip(self._dynamic, call.shapes, strict=True)
        ]

    def key(self, call: Call) -> Hashable:
        """Sizes with None for dynamic dims: calls with one key share programs."""
        return tuple(
            tuple(None if dynamic else size for dynamic, size in zip(flags, shape, strict=True))
            for flags, shape in zip(self.flags(call), call.shapes, strict=True)
        )
