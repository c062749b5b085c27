"""Finds tensors and sub-modules among the attributes of a module, inside lists, tuples and dicts too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..tensor import Tensor

if TYPE_CHECKING:
    from .module import Module

HIDDEN = ("_forward_hooks", "_forward_pre_hooks")  # a hook may be a module, and is no part of this one


class ModuleBase:
    """What a walk knows of `Module`, which is built on the walks."""


def is_module(value: Any) -> bool:
    """Whether a value is a Module."""
    return isinstance(value, ModuleBase)


def _expand(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Tensor) or is_module(value):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _expand(f"{name}.{key}", item)
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _expand(f"{name}.{i}", item)


def own_items(module: Module) -> Iterator[tuple[str, Any]]:
    """(name, Tensor or Module) for what the module holds itself, in the order in which it was assigned."""
    for name, value in vars(module).items():
        if name not in HIDDEN:
            yield from _expand(name, value)


def own_tensors(module: Module) -> Iterator[tuple[str, Tensor]]:
    """(name, Tensor) for what the module holds itself."""
    return ((name, item) for name, item in own_items(module) if isinstance(item, Tensor))


def own_modules(module: Module) -> Iterator[tuple[str, Module]]:
    """(name, Module) for what the module holds itself."""
    return ((name, item) for name, item in own_items(module) if is_module(item))


def join(prefix: str, name: str) -> str:
    """ "a" and "b" as "a.b"; either may be empty.

    >>> join("layer", "weight"), join("", "weight"), join("layer", "")
    ('layer.weight', 'weight', 'layer')
    """
    return f"{prefix}.{name}" if prefix and name else prefix or name


def walk_modules(module: Module, prefix: str, path: tuple[int, ...] = ()) -> Iterator[tuple[str, Module]]:
    """(name, module) for the module and all below it, under every name; one that holds itself is left out
    there."""
    if id(module) in path:
        return
    yield prefix, module
    for name, child in own_modules(module):
        yield from walk_modules(child, join(prefix, name), (*path, id(module)))


def walk_tensors(module: Module, prefix: str = "", recursive: bool = True) -> Iterator[tuple[str, Tensor]]:
    """(name, Tensor) below the module, under every name: a module's own before those of its sub-modules."""
    modules = walk_modules(module, prefix) if recursive else iter([(prefix, module)])
    for path, owner in modules:
        for name, tensor in own_tensors(owner):
            yield join(path, name), tensor


def once(items: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Each object once, under its first name."""
    seen: set[int] = set()
    for name, item in items:
        if id(item) not in seen:
            seen.add(id(item))
            yield name, item
