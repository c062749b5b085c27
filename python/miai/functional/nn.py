"""Layers whose arguments differ from the operator's, or whose MegEngine call does more than one operator."""

from __future__ import annotations

from .. import _core
from ..tensor import Tensor


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
