"""Keeps gradients from growing too large."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .. import _core
from .. import functional as F
from ..autodiff import no_grad
from ..dtype import float32, float64
from ..tensor import Tensor
from .optimizer import compute_dtype


def _grads(name: str, tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    items = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    for item in items:
        if not isinstance(item, Tensor):
            raise TypeError(f"{name}: argument 'tensors': expected Tensors, got {type(item).__name__}")
    return [grad for item in items if (grad := item.grad) is not None]


def _norm(values: list[Tensor], ord: float) -> Tensor:
    """The norm of all elements together."""
    if ord == math.inf:
        return F.stack([abs(v).max() for v in values]).max()
    if ord == 2:
        return F.sqrt(F.stack([(v * v).sum() for v in values]).sum())
    return F.stack([(abs(v) ** ord).sum() for v in values]).sum() ** (1.0 / ord)


def clip_grad_norm(tensors: Tensor | Iterable[Tensor], max_norm: float, ord: float = 2.0) -> Tensor:
    """Scales the gradients of tensors, in place and all alike, so that their norm together is at most
    `max_norm`.

    Returns the norm before. Tensors without a gradient are left out.

    >>> import miai as mi
    >>> p = mi.Parameter([0.0, 0.0])
    >>> p.grad = mi.tensor([3.0, 4.0])
    >>> clip_grad_norm([p], max_norm=1.0)
    Tensor(5.)
    >>> print([f"{x:.3f}" for x in p.grad.tolist()])
    ['0.600', '0.800']
    """
    if not max_norm >= 0:
        raise ValueError(
            f"clip_grad_norm: argument 'max_norm': expected a number of at least 0, got {max_norm}"
        )
    if not ord > 0:
        raise ValueError(f"clip_grad_norm: argument 'ord': expected a number above 0, got {ord}")
    with no_grad():
        grads = _grads("clip_grad_norm", tensors)
        if not grads:
            return F.zeros(())
        dtype = float64 if any(compute_dtype(grad) == float64 for grad in grads) else float32
        norm = _norm([grad.astype(dtype).to(grads[0].device) for grad in grads], float(ord))
        scale = F.minimum(max_norm / (norm + 1e-6), 1.0)
        for grad in grads:
            grad *= scale.astype(grad.dtype).to(grad.device)
        return norm


def clip_grad_value(tensors: Tensor | Iterable[Tensor], lower: float, upper: float) -> None:
    """Limits each element of the gradients of tensors to [lower, upper], in place.

    >>> import miai as mi
    >>> p = mi.Parameter([0.0, 0.0])
    >>> p.grad = mi.tensor([-3.0, 0.5])
    >>> clip_grad_value([p], -1.0, 1.0)
    >>> p.grad
    Tensor([-1. ,  0.5])
    """
    if not lower <= upper:
        raise ValueError(
            f"clip_grad_value: argument 'upper': expected at least 'lower' ({lower}), got {upper}"
        )
    with no_grad():
        for grad in _grads("clip_grad_value", tensors):
            _core.reset(grad, F.clip(grad, lower, upper))
