"""grad and value_and_grad: functions to functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import _core
from ..tensor import Tensor
from ..tree import flatten, unflatten


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that gives ``(value, gradients)``; gradients have the structure of the arguments `argnums`.

    The function must return a tensor with one element, or ``(tensor, aux)`` with `has_aux`. Arguments may be
    tensors or nested lists, tuples and dicts of them. Nests for higher orders.

    >>> import miai as mi
    >>> value_and_grad(lambda x: (x * x).sum())(mi.tensor([1.0, 2.0]))
    (Tensor(5.), Tensor([2., 4.]))
    """
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten([args[i] for i in numbers])
        if not all(isinstance(leaf, Tensor) for leaf in leaves):
            raise TypeError(
                "grad: the arguments to differentiate must be Tensors, or lists, tuples and dicts of them"
            )
        tape = _core.Tape()
        tape.attach(leaves)
        tape.start()
        try:
            result = function(*args, **kwargs)
        finally:
            tape.stop()
        value = result[0] if has_aux else result
        if not isinstance(value, Tensor) or value.size != 1:
            raise ValueError("grad: the function must return a tensor with 1 element; sum() or mean() it")
        seed = _core.op("full")(shape=value.shape, value=1.0, dtype=str(value.dtype), device=value.device)
        grads = tape.backward([value], [seed])
        grads = [leaf * 0 if grad is None else grad for leaf, grad in zip(leaves, grads, strict=True)]
        tree = unflatten(structure, grads)
        return result, (tree[0] if isinstance(argnums, int) else tuple(tree))

    return wrapped


def grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that gives the gradients alone (and aux with `has_aux`); see `value_and_grad`.

    >>> import miai as mi
    >>> cube = lambda x: (x * x * x).sum()
    >>> grad(lambda x: grad(cube)(x).sum())(mi.tensor([2.0]))
    Tensor([12.])
    """
    both = value_and_grad(function, argnums, has_aux)

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result, grads = both(*args, **kwargs)
        return (grads, result[1]) if has_aux else grads

    return wrapped
