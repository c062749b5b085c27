"""Modules of images."""

from __future__ import annotations

from collections.abc import Sequence

from .. import functional as F
from ..tensor import Tensor
from .module import Module


class Upsample(Module):
    """Resizes images (N, C, H, W), or (N, C, L), to `size` or by `scale_factor`; see
    ``F.vision.interpolate``.

    The default mode is PyTorch's, "nearest"; the function's is MegEngine's, "bilinear".

    >>> import miai as mi
    >>> Upsample(scale_factor=2, mode="bilinear")(mi.functional.ones((1, 3, 4, 4))).shape
    (1, 3, 8, 8)
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if (size is None) == (scale_factor is None):
            raise ValueError("Upsample: expected either 'size' or 'scale_factor', got both or none of them")
        self.size = size
        self.scale_factor = scale_factor
        self.mode = mode
        self.align_corners = align_corners

    def forward(self, inp: Tensor) -> Tensor:
        return F.interpolate(inp, self.size, self.scale_factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        to = f"size={self.size}" if self.size is not None else f"scale_factor={self.scale_factor}"
        return f"{to}, mode={self.mode!r}"
