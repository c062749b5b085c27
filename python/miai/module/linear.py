"""Linear: a matrix and a bias."""

from __future__ import annotations

from .. import functional as F
from ..tensor import Tensor
from . import init
from ._parameters import check_only, check_positive, parameter
from .module import Module


class Linear(Module):
    """y = x W^T + b over the last axis: (..., in_features) to (..., out_features).

    `weight` is (out_features, in_features), `bias` (out_features,) or None; both start evenly within
    1 / sqrt(in_features).

    >>> import miai as mi
    >>> Linear(4, 3)(mi.functional.ones((5, 4))).shape
    (5, 3)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        compute_mode: str = "default",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        check_positive("Linear", in_features=in_features, out_features=out_features)
        check_only("Linear", "compute_mode", compute_mode, "default")
        self.in_features = in_features
        self.out_features = out_features
        self.weight = parameter(out_features, in_features)
        self.bias = parameter(out_features) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the values to start from anew."""
        init.default_weight_bias_(self.weight, self.bias)

    def forward(self, inp: Tensor) -> Tensor:
        return F.linear(inp, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
        )
