"""split, stack, gather and scatter under MegEngine's arguments."""

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
        raise ValueError(
            f"split: argument 'axis': expected an axis of a tensor of rank {inp.ndim}, got {axis}"
        )
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


def gather(inp: Tensor, axis: int, index: Tensor) -> Tensor:
    """Elements of `inp` at `index` along an axis: ``out[i][j] = inp[index[i][j]][j]`` for axis 0. Shape of
    `index`.

    Raises IndexError for an index out of bounds.

    >>> import miai as mi
    >>> gather(mi.tensor([[1.0, 2.0], [3.0, 4.0]]), 1, mi.tensor([[1], [0]])).tolist()
    [[2.0], [3.0]]
    """
    return _core.op("gather")(inp, index=index, axis=axis)


def scatter(inp: Tensor, axis: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of `inp` with `source` written at `index` along an axis: the reverse of `gather`.

    >>> import miai as mi
    >>> scatter(mi.tensor([1.0, 2.0]), 0, mi.tensor([1]), mi.tensor([9.0])).tolist()
    [1.0, 9.0]
    """
    return _core.op("scatter")(inp, index=index, source=source, axis=axis)
