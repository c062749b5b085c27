"""Operators registered from Python, for what the table lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import _core


def register_operator(
    name: str,
    *,
    infer: Callable[..., list[tuple[Any, Any]]],
    forward: Callable[..., Any],
    grad: Callable[..., Any] | None = None,
    inputs: Sequence[str] = ("x",),
    outputs: int = 1,
    doc: str = "",
) -> Any:
    """Registers an operator for the life of the process and gives it as a callable of tensors.

    Args:
        infer: ``(shape, dtype), ...`` of the inputs to a list of ``(shape, dtype)`` of the outputs. Called
            with dynamic dims in a trace: use arithmetic on sizes.
        forward: NumPy arrays (read-only) to arrays of the shapes that infer gave. In a plan it holds the GIL
            for its instruction; an exception cancels the step and leaves the states as they were.
        grad: ``(input tensors, output gradients)`` to the inputs' gradients (None: zero), written with miai's
            functions, so that any order works. None: not differentiable.

    Raises ValueError if the name is taken. A traced function that uses the operator cannot be dumped.

    >>> import numpy as np, miai as mi
    >>> cube = register_operator(
    ...     "doc_cube",
    ...     infer=lambda x: [x],
    ...     forward=lambda x: x**3,
    ...     grad=lambda inputs, grads: [grads[0] * 3 * inputs[0] * inputs[0]],
    ... )
    >>> cube(mi.tensor([2.0])), mi.grad(lambda x: cube(x).sum())(mi.tensor([2.0]))
    (Tensor([8.]), Tensor([12.]))
    """
    for what, function in (("infer", infer), ("forward", forward)):
        if not callable(function):
            raise TypeError(
                f"register_operator: argument '{what}': expected a function, got {type(function).__name__}"
            )
    _core.register_op(name, list(inputs), outputs, infer, forward, grad, doc or name)
    return _core.op(name)
