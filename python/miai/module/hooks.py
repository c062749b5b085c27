"""Handles by which hooks are taken away again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Hooks = dict[int, Callable[..., Any]]


class HookHandle:
    """What `register_forward_hook` gives: `remove()` takes the hook away. Also a context that does so at its
    end."""

    def __init__(self, hooks: Hooks, hook: Callable[..., Any]) -> None:
        if not callable(hook):
            raise TypeError(f"register hook: argument 'hook': expected a function, got {type(hook).__name__}")
        self._hooks = hooks
        self._key = max(hooks, default=-1) + 1
        self._hook = hook
        hooks[self._key] = hook

    def remove(self) -> None:
        """Takes the hook away; a second time does nothing."""
        if self._hooks.get(self._key) is self._hook:
            del self._hooks[self._key]

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.remove()
