"""split and stack under MegEngine's arguments."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _core
from ..tensor import Tensor


def split(inp: Tensor, nsplits_or_sections: int | Sequence[int], axis: int = 0) -> tuple[Tensor, ...]:
    """Cuts a tensor along an axis: into n equal parts, or at the given indices (as numpy.split).

    >>> import miai as mi
    >>> [part.shape for part in split(mi.functional.zeros((5, 2)), [1, 3])]
    [(1, 2), (2, 2), (2, 2)]
    """
    if not -inp.ndim <= axis < inp.ndim:
        raise ValueError(f"split: argument 'axis': expected an axis of a tensor of rank {inp.ndim}, got {axis}")
    size = inp.shape[axis]
    if isinstance(nsplits_or_sections, int):
        n = nsplits_or_sections
        if n < 1 or size % n != 0:
            raise ValueError(f"split: argument 'nsplits_or_sections': expected a divisor of {size}, got {n}")
        cuts = [size // n * i for i in range(1, n)]
    else:
        cuts = [min(max(cut + size if cut < 0 else cut, 0), size) for cut in nsplits_or_sections]
    bounds = [0, *cuts, size]
    sections = [max(end - begin, 0) for begin, end in zip(bounds, bounds[1:], strict=False)]
    return _core.op("split")(inp, sections=sections, axis=axis)


def stack(inps: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Joins tensors of one shape along a new axis.

    >>> import miai as mi
    >>> stack([mi.tensor([1.0]), mi.tensor([2.0])]).shape
    (2, 1)
    """
    return _core.op("stack")(inps, axis=axis)
