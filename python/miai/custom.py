"""Operators registered from Python, for what the table lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import _core


def register_operator(
    name: str,
    *,
    infer: Callable[..., list[tuple[Any, Any]]],
    forward: Callable[..., Any] | None = None,
    grad: Callable[..., Any] | None = None,
    lower: Callable[..., Any] | None = None,
    attrs: Mapping[str, Any] | None = None,
    inputs: Sequence[str] = ("x",),
    outputs: int = 1,
    doc: str = "",
) -> Any:
    """Registers an operator for the life of the process and gives it as a callable of tensors.

    Args:
        infer: ``(shape, dtype), ...`` of the inputs to a list of ``(shape, dtype)`` of the outputs. Called
            with dynamic dims in a trace: use arithmetic on sizes.
        forward: NumPy arrays (read-only) to arrays of the shapes that infer gave. In a plan it holds the GIL
            for its instruction; an exception cancels the step and leaves the states as they were. None: what
            `lower` says is computed.
        grad: ``(input tensors, output gradients)`` to the inputs' gradients (None: zero), written with miai's
            functions, so that any order works. None: that of `lower`; without it, not differentiable.
        lower: input tensors to output tensors, written with miai's functions. A traced function that uses the
            operator can then be dumped: the file has what `lower` gave while recording in the operator's
            place, so that other processes need nothing of it. It must be pure, draw no random numbers, and
            agree with `forward` up to rounding.
        attrs: keyword arguments by name with their defaults (bool, int, float, string or a tuple of ints).
            Each function above is given them by keyword.

    Raises ValueError if the name is taken, TypeError if neither `forward` nor `lower` is given or a default
    is of another type. Without `lower`, a traced function that uses the operator cannot be dumped.

    >>> import numpy as np, miai as mi
    >>> cube = register_operator(
    ...     "doc_cube",
    ...     infer=lambda x: [x],
    ...     forward=lambda x: x**3,
    ...     grad=lambda inputs, grads: [grads[0] * 3 * inputs[0] * inputs[0]],
    ... )
    >>> cube(mi.tensor([2.0])), mi.grad(lambda x: cube(x).sum())(mi.tensor([2.0]))
    (Tensor([8.]), Tensor([12.]))
    >>> leaky = register_operator(
    ...     "doc_leaky",
    ...     infer=lambda x, slope: [x],
    ...     forward=lambda x, slope: np.where(x > 0, x, slope * x),
    ...     lower=lambda x, slope: mi.functional.where(x > 0, x, x * slope),
    ...     attrs={"slope": 0.5},
    ... )
    >>> leaky(mi.tensor([-2.0])), leaky(mi.tensor([-2.0]), slope=2.0)
    (Tensor([-1.]), Tensor([-4.]))
    """
    functions = {"infer": infer, "forward": forward, "grad": grad, "lower": lower}
    for what, function in functions.items():
        if not (callable(function) or (function is None and what != "infer")):
            raise TypeError(
                f"register_operator: argument '{what}': expected a function, got {type(function).__name__}"
            )
    if forward is None and lower is None:
        raise TypeError("register_operator: expected 'forward', 'lower' or both, got neither")
    _core.register_op(
        name, list(inputs), outputs, infer, forward, grad, lower, dict(attrs or {}), doc or name
    )
    return _core.op(name)
