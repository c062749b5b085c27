"""Nested lists, tuples and dicts as flat lists and back."""

from __future__ import annotations

from typing import Any

Structure = tuple[Any, ...]


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves in order, and what `unflatten` needs to put them back. The structure is hashable.

    >>> flatten({"a": 1, "b": (2, [3])})
    ([1, 2, 3], ('dict', ('a', 'b'), (('leaf',), ('tuple', (('leaf',), ('list', (('leaf',),)))))))
    """
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves)


def _flatten(tree: Any, leaves: list[Any]) -> Structure:
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return ("namedtuple", type(tree), tuple(_flatten(item, leaves) for item in tree))
    if isinstance(tree, (list, tuple)):
        return (type(tree).__name__, tuple(_flatten(item, leaves) for item in tree))
    if isinstance(tree, dict):
        return ("dict", tuple(tree), tuple(_flatten(item, leaves) for item in tree.values()))
    leaves.append(tree)
    return ("leaf",)


def unflatten(structure: Structure, leaves: list[Any]) -> Any:
    """The tree of that structure with these leaves.

    >>> unflatten(flatten((1, [2]))[1], [5, 6])
    (5, [6])
    """
    rest = iter(leaves)
    return _unflatten(structure, rest)


def _unflatten(structure: Structure, leaves: Any) -> Any:
    kind = structure[0]
    if kind == "leaf":
        return next(leaves)
    if kind == "dict":
        return {key: _unflatten(item, leaves) for key, item in zip(structure[1], structure[2], strict=True)}
    if kind == "namedtuple":
        return structure[1](*(_unflatten(item, leaves) for item in structure[2]))
    items = [_unflatten(item, leaves) for item in structure[1]]
    return tuple(items) if kind == "tuple" else items


def paths(tree: Any, prefix: str = "") -> list[str]:
    """A name for each leaf: "x", "batch.image", "xs.0".

    >>> paths({"a": 1, "b": (2, [3])})
    ['a', 'b.0', 'b.1.0']
    """
    if isinstance(tree, dict):
        items: Any = tree.items()
    elif isinstance(tree, (list, tuple)):
        items = enumerate(tree)
    else:
        return [prefix]
    return [path for key, item in items for path in paths(item, f"{prefix}.{key}" if prefix else str(key))]
