"""Layers whose arguments differ from the operator's, or whose MegEngine call does more than one operator."""

from __future__ import annotations

from .. import _core
from ..tensor import Tensor

_embedding = _core.op("embedding")


def conv1d(
    inp: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    """1-d convolution (cross-correlation) of (N, C, L) with `weight` (out, C / groups, k) and `bias` (out,).

    >>> import miai as mi
    >>> conv1d(mi.tensor([[[1.0, 2.0, 4.0]]]), mi.tensor([[[-1.0, 1.0]]])).tolist()
    [[[1.0, 2.0]]]
    """
    if inp.ndim != 3 or weight.ndim != 3:
        name, wrong = ("inp", inp) if inp.ndim != 3 else ("weight", weight)
        raise ValueError(
            f"conv1d: argument '{name}': expected rank 3, got rank {wrong.ndim} (shape {list(wrong.shape)})"
        )
    expand, conv2d = _core.op("expand_dims"), _core.op("conv2d")
    flat = (1, stride), (0, padding), (1, dilation)
    return _core.op("squeeze")(conv2d(expand(inp, 2), expand(weight, 2), bias, *flat, groups), 2)


def dropout(inp: Tensor, drop_prob: float, training: bool = True) -> Tensor:
    """Zeroes elements with probability `drop_prob` and scales the others by 1 / (1 - drop_prob); `inp` itself
    if not training.

    Srivastava et al., 2014.

    >>> import miai as mi
    >>> dropout(mi.tensor([1.0, 2.0]), 0.5, training=False)
    Tensor([1., 2.])
    """
    if not 0 <= drop_prob <= 1:
        raise ValueError(f"dropout: argument 'drop_prob': expected a number in [0, 1], got {drop_prob}")
    if not training or drop_prob == 0:
        return inp
    return _core.op("dropout")(inp, drop_prob)


def batch_norm(
    inp: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    training: bool = False,
    momentum: float = 0.9,
    eps: float = 1e-5,
    inplace: bool = True,
) -> Tensor:
    """Normalises each channel (axis 1) to mean 0 and variance 1, then scales by `weight` and adds `bias`.

    Ioffe and Szegedy, 2015. In training the batch's statistics are used and, with `inplace`, the running ones
    are written: running = momentum * running + (1 - momentum) * batch (momentum is the share kept, as in
    MegEngine; PyTorch's
    is 1 - momentum). Else the running ones are used.

    >>> import miai as mi
    >>> x = mi.tensor([[1.0], [3.0]])
    >>> batch_norm(x, training=True, eps=0.0)
    Tensor([[-1.], [ 1.]])
    """
    out, mean, var = _core.op("batch_norm")(
        inp, running_mean, running_var, weight, bias, training=training, momentum=momentum, eps=eps
    )
    if training and inplace and running_mean is not None and running_var is not None:
        _core.reset(running_mean, mean.detach())
        _core.reset(running_var, var.detach())
    return out


def embedding(
    inp: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float | None = None,
) -> Tensor:
    """The rows of `weight` that the integers of `inp` name: out[..., :] = weight[inp[...], :].

    Args:
        weight: rank 2.
        padding_idx: a row that gets no gradient.
        max_norm: rows that are named and longer are first scaled to this length, in `weight` itself; the
            gradient does not see it.
        norm_type: the order of that length; 2 if None.

    Raises IndexError for a value that is no row.

    >>> import miai as mi
    >>> table = mi.tensor([[0.0, 1.0], [3.0, 4.0]])
    >>> embedding(mi.tensor([1, 0]), table).tolist()
    [[3.0, 4.0], [0.0, 1.0]]
    >>> print(embedding(mi.tensor([1]), table, max_norm=1.0).numpy().round(3))
    [[0.6 0.8]]
    """
    if max_norm is None:
        if norm_type is not None:
            raise ValueError("embedding: argument 'norm_type': needs max_norm, which is None")
        return _embedding(inp, weight, padding_idx)
    if not max_norm > 0:
        raise ValueError(f"embedding: argument 'max_norm': expected a number above 0, got {max_norm}")
    rows = _embedding(inp, weight, padding_idx)
    scaled = _shortened(rows.detach(), max_norm, 2.0 if norm_type is None else norm_type)
    _core.reset(weight, _core.op("index_set")(weight.detach(), scaled, [inp], axes=(0,)))
    return scaled + (rows - rows.detach())  # the values of `scaled`, the gradient of `rows`


def _shortened(rows: Tensor, max_norm: float, norm_type: float) -> Tensor:
    length = _core.op("norm")(rows, norm_type, -1, True)
    return _core.op("where")(length > max_norm, rows * (max_norm / (length + 1e-7)), rows)


def layer_norm(
    inp: Tensor,
    normalized_shape: int | tuple[int, ...],
    affine: bool = True,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalises the last dims, `normalized_shape`, to mean 0 and variance 1, then scales and shifts if
    `affine`.

    Ba, Kiros and Hinton, 2016. `weight` and `bias` have shape `normalized_shape`.

    >>> import miai as mi
    >>> layer_norm(mi.tensor([[1.0, 3.0]]), 2, eps=0.0)
    Tensor([[-1.,  1.]])
    """
    return _core.op("layer_norm")(
        inp, weight if affine else None, bias if affine else None, normalized_shape=normalized_shape, eps=eps
    )


def rms_norm(
    inp: Tensor,
    normalized_shape: int | tuple[int, ...],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Divides the last dims, `normalized_shape`, by their root mean square, then scales them by `weight`.

    Zhang and Sennrich, 2019. `weight` has shape `normalized_shape`; `eps` is the smallest step from 1 of the
    dtype if None, as in PyTorch.

    >>> import miai as mi
    >>> rms_norm(mi.tensor([[2.0, -2.0]]), 2, eps=0.0)
    Tensor([[ 1., -1.]])
    """
    return _core.op("rms_norm")(inp, weight, normalized_shape=normalized_shape, eps=eps)


def group_norm(
    inp: Tensor,
    num_groups: int,
    affine: bool = True,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalises each of `num_groups` groups of channels of (N, C, ...), then scales and shifts each channel
    if `affine`.

    Wu and He, 2018. `weight` and `bias` have shape (C,).

    >>> import miai as mi
    >>> group_norm(mi.tensor([[1.0, 3.0, 5.0, 7.0]]), 2, eps=0.0)
    Tensor([[-1.,  1., -1.,  1.]])
    """
    return _core.op("group_norm")(
        inp, weight if affine else None, bias if affine else None, num_groups=num_groups, eps=eps
    )


def instance_norm(
    inp: Tensor,
    affine: bool = True,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalises each channel of each sample of (N, C, ...), then scales and shifts it if `affine`.

    Ulyanov et al., 2016. `weight` and `bias` have shape (C,).

    >>> import miai as mi
    >>> instance_norm(mi.tensor([[[1.0, 3.0]]]), eps=0.0)
    Tensor([[[-1.,  1.]]])
    """
    return _core.op("instance_norm")(inp, weight if affine else None, bias if affine else None, eps=eps)
