"""Sequential: one module after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .module import Module


class Sequential(Module):
    """Modules called in order, each with the output of the one before. They are named "0", "1", ... or, if a
    dict is given, by its keys. Indices, slices, `len` and iteration work as on a list.

    >>> import miai as mi
    >>> import miai.module as M
    >>> net = M.Sequential(M.Linear(4, 3), M.ReLU())
    >>> net
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): ReLU()
    )
    >>> net(mi.functional.ones((2, 4))).shape, net[-1]
    ((2, 3), ReLU())
    """

    def __init__(self, *args: Any, name: str | None = None) -> None:
        super().__init__(name)
        self._names: list[str] = []
        given = (
            args[0]
            if len(args) == 1 and isinstance(args[0], dict)
            else {str(i): m for i, m in enumerate(args)}
        )
        for key, module in given.items():
            self._add(key, module)

    def _add(self, key: str, module: Any) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"Sequential: argument '{key}': expected a Module, got {type(module).__name__}")
        if not isinstance(key, str) or not key or "." in key or hasattr(self, key):
            raise ValueError(f"Sequential: {key!r} cannot name a module; it is empty, taken or has a dot")
        setattr(self, key, module)
        self._names.append(key)

    def append(self, module: Module) -> Sequential:
        """Adds a module at the end, named by its number. Returns self."""
        self._add(str(len(self)), module)
        return self

    def forward(self, inp: Any) -> Any:
        for module in self:
            inp = module(inp)
        return inp

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Module]:
        return (getattr(self, name) for name in self._names)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Sequential({name: getattr(self, name) for name in self._names[index]})
        return getattr(self, self._names[index])

    def __setitem__(self, index: int, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"Sequential: expected a Module, got {type(module).__name__}")
        setattr(self, self._names[index], module)

    def __delitem__(self, index: int) -> None:
        delattr(self, self._names.pop(index))
