"""Normalisation by statistics of the batch."""

from __future__ import annotations

from .. import functional as F
from ..tensor import Parameter, Tensor
from . import init
from ._parameters import buffer, check_positive, parameter
from .module import Module


class _BatchNorm(Module):
    """What batch norms of every rank share."""

    _ranks: tuple[int, ...] = ()
    keeps_float32 = True

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.9,
        affine: bool = True,
        track_running_stats: bool = True,
        freeze: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        check_positive(type(self).__name__, num_features=num_features)
        if not 0 <= momentum <= 1:
            raise ValueError(
                f"{type(self).__name__}: argument 'momentum': expected a number in [0, 1], got {momentum}"
            )
        if freeze and not track_running_stats:
            raise ValueError(f"{type(self).__name__}: argument 'freeze': needs track_running_stats=True")
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.freeze = freeze
        self.weight: Parameter | None = parameter(num_features) if affine else None
        self.bias: Parameter | None = parameter(num_features) if affine else None
        self.running_mean = buffer(0.0, (num_features,)) if track_running_stats else None
        self.running_var = buffer(1.0, (num_features,)) if track_running_stats else None
        self.num_batches_tracked = buffer(0, (), "int64") if track_running_stats else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.weight is not None and self.bias is not None:
            init.ones_(self.weight)
            init.zeros_(self.bias)

    def forward(self, inp: Tensor) -> Tensor:
        if inp.ndim not in self._ranks:
            ranks = " or ".join(str(rank) for rank in self._ranks)
            raise ValueError(
                f"{type(self).__name__}: argument 'inp': expected rank {ranks}, got rank {inp.ndim} "
                f"(shape {list(inp.shape)})"
            )
        training = not self.track_running_stats or (not self.freeze and self.training)
        if training and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
        if inp.ndim == 3:
            return F.squeeze(self._normalize(F.expand_dims(inp, -1), training), -1)
        return self._normalize(inp, training)

    def _normalize(self, inp: Tensor, training: bool) -> Tensor:
        return F.batch_norm(
            inp,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=training,
            momentum=self.momentum,
            eps=self.eps,
        )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Batch norm of (N, C) or (N, C, L); see BatchNorm2d.

    >>> import miai as mi
    >>> BatchNorm1d(3)(mi.functional.ones((4, 3))).shape
    (4, 3)
    """

    _ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalises each channel of (N, C, H, W), then scales by `weight` and adds `bias`, both (C,). Ioffe and
    Szegedy, 2015.

    In training by the batch's statistics, which also go into `running_mean` and `running_var`, in place; in
    evaluation, or with `freeze`, by the running ones.

    Args:
        momentum: the share of the running statistics that is *kept* at each step, as in MegEngine: 0.9 here
        is
            PyTorch's ``momentum=0.1``.
        track_running_stats: without, the batch's statistics are always used.

    >>> import miai as mi
    >>> bn = BatchNorm2d(3)
    >>> bn(mi.functional.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    >>> bn.running_mean
    Tensor([0.1, 0.1, 0.1])
    """

    _ranks = (4,)
