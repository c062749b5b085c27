"""no_grad: operators that the tapes around it do not see."""

from __future__ import annotations

import functools
from typing import Any

from .. import _core


class no_grad:  # noqa: N801 - used like a keyword
    """Context and decorator in which no tape records that was there before; `grad` and a GradManager that
    begin inside of it do.

    >>> import miai as mi
    >>> x = mi.tensor([2.0])
    >>> with mi.autodiff.GradManager().attach(x) as gm:
    ...     with mi.no_grad():
    ...         y = x * x
    ...     gm.backward((x * y).sum())
    >>> x.grad
    Tensor([4.])
    """

    def __init__(self) -> None:
        self._scope = _core.NoGrad()

    def __enter__(self) -> no_grad:
        self._scope.enter()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._scope.leave()

    def __call__(self, function: Any) -> Any:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return function(*args, **kwargs)

        return wrapped
