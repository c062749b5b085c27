"""Pickling by value of what a worker cannot import: what a script defines, lambdas, local functions.

A class or function is first made empty, so that what it holds may refer to it, and then filled. In the
worker those of `__main__` live in its `__main__`, so that what it sends back by name is found here.
"""

from __future__ import annotations

import abc
import builtins
import dataclasses
import enum
import functools
import importlib
import marshal
import pickle
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ._shared import ArrayPickler

_MADE_ANEW = {"__dict__", "__weakref__", "_abc_impl", "__abstractmethods__", "__slots__"}
_MADE_ANEW |= {"__module__", "__qualname__", "__firstlineno__", "__static_attributes__"}
_MADE_ANEW |= {"__annotations__", "__annotate__", "__annotate_func__"}
_SENTINELS = {
    id(getattr(dataclasses, name)): name
    for name in ("MISSING", "_HAS_DEFAULT_FACTORY", "_FIELD", "_FIELD_CLASSVAR", "_FIELD_INITVAR")
}


class ByValuePickler(ArrayPickler):
    """Sends by value what a worker cannot import."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, types.FunctionType):
            return _reduce_function(value) if _by_value(value) else NotImplemented
        if isinstance(value, type):
            return _reduce_class(value) if _by_value(value) else NotImplemented
        if isinstance(value, types.ModuleType):
            return importlib.import_module, (value.__name__,)
        reduce = _REDUCERS.get(type(value))
        if reduce is not None:
            return reduce(value)
        if id(value) in _SENTINELS:
            return getattr, (dataclasses, _SENTINELS[id(value)])
        return super().reducer_override(value)


_REDUCERS: dict[type, Callable[[Any], Any]] = {
    staticmethod: lambda value: (staticmethod, (value.__func__,)),
    classmethod: lambda value: (classmethod, (value.__func__,)),
    property: lambda value: (property, (value.fget, value.fset, value.fdel, value.__doc__)),
    functools._lru_cache_wrapper: lambda value: (_make_cache, (value.__wrapped__, value.cache_parameters())),
    functools.cached_property: lambda value: (_make_cached, (value.func, value.attrname)),
    types.MappingProxyType: lambda value: (_make_proxy, (dict(value),)),
    np.memmap: lambda value: _reduce_memmap(value),
}


def _by_value(value: Any) -> bool:
    """Whether importing the module that `value` names would not give it."""
    if value.__module__ == "__main__":
        return True
    found: Any = sys.modules.get(value.__module__ or "")
    for part in value.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is not value and not (isinstance(value, type) and value.__module__ == "builtins")


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def globals_of(function: types.FunctionType) -> dict[str, Any]:
    """The globals that the function's code names."""
    names = {name for code in _codes(function.__code__) for name in code.co_names}
    return {name: function.__globals__[name] for name in sorted(names) if name in function.__globals__}


def _reduce_function(function: types.FunctionType) -> Any:
    home = function.__module__ if function.__globals__.get("__name__") != "__main__" else "__main__"
    importable = home != "__main__" and home in sys.modules
    closure = [_content(cell) for cell in function.__closure__ or ()]
    state = (
        {} if importable else globals_of(function),
        closure,
        function.__defaults__,
        function.__kwdefaults__,
        function.__dict__,
        (function.__name__, function.__qualname__, function.__doc__),
    )
    return (
        _make_function,
        (marshal.dumps(function.__code__), home, len(closure)),
        state,
        None,
        None,
        _fill_function,
    )


def _content(cell: types.CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def _reduce_class(cls: type) -> Any:
    if issubclass(cls, enum.Enum):
        raise pickle.PicklingError(
            f"the enumeration {cls.__qualname__} is defined in a script; put it into a module"
        )
    body = {
        name: value
        for name, value in vars(cls).items()
        if name not in _MADE_ANEW
        and not isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType))
    }
    arguments = (
        type(cls),
        cls.__name__,
        cls.__qualname__,
        cls.__module__,
        cls.__bases__,
        vars(cls).get("__slots__"),
    )
    return _make_class, arguments, body, None, None, _fill_class


def _reduce_memmap(array: np.memmap[Any, Any]) -> Any:
    """By the name of the file, which a worker maps too, if it is one piece of it; else by its contents."""
    root: Any = array
    while isinstance(root.base, np.memmap):
        root = root.base
    if array.filename is None or not array.flags.c_contiguous or array.size == 0:
        return np.ascontiguousarray(array).view(np.ndarray).__reduce_ex__(5)
    shift = array.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    mode = "r" if root.mode == "r" else "c"
    return np.memmap, (str(array.filename), array.dtype, mode, root.offset + shift, array.shape)


def _make_proxy(content: dict[Any, Any]) -> types.MappingProxyType[Any, Any]:
    return types.MappingProxyType(content)


def _make_cache(function: Any, parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(function)


def _make_cached(function: Any, name: str | None) -> Any:
    made: functools.cached_property[Any] = functools.cached_property(function)
    if name is not None:
        made.__set_name__(object, name)
    return made


_namespaces: dict[str, dict[str, Any]] = {}


def _make_function(code: bytes, home: str, cells: int) -> types.FunctionType:
    """In the worker: the function without its contents, which may refer to itself."""
    if home == "__main__":
        namespace = sys.modules["__main__"].__dict__
    else:
        try:
            namespace = importlib.import_module(home).__dict__
        except ImportError:
            namespace = _namespaces.setdefault(home, {"__name__": home, "__builtins__": builtins})
    closure = tuple(types.CellType() for _ in range(cells))
    return types.FunctionType(marshal.loads(code), namespace, None, None, closure)


def _fill_function(function: types.FunctionType, state: Any) -> None:
    names, closure, defaults, kwdefaults, attributes, (name, qualname, doc) = state
    function.__globals__.update(names)
    for cell, content in zip(function.__closure__ or (), closure, strict=True):
        if content:
            cell.cell_contents = content[0]
    function.__defaults__, function.__kwdefaults__ = defaults, kwdefaults
    function.__dict__.update(attributes)
    function.__name__, function.__qualname__, function.__doc__ = name, qualname, doc


def _make_class(
    meta: type, name: str, qualname: str, module: str, bases: tuple[type, ...], slots: Any
) -> type:
    body = {"__module__": module, "__qualname__": qualname}
    if slots is not None:
        body["__slots__"] = slots
    cls: type = meta(name, bases, body)
    if module == "__main__" and "<locals>" not in qualname:
        setattr(sys.modules["__main__"], name, cls)
    return cls


def _fill_class(cls: type, body: dict[str, Any]) -> None:
    for name, value in body.items():
        if name not in ("__doc__",) or value is not None:
            setattr(cls, name, value)
    abc.update_abstractmethods(cls)  # nothing for a class that is not abstract
