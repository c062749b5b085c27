"""How a tensor prints."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core
from .dtype import dtype_name


def tensor_repr(self: Any) -> str:
    """As NumPy prints arrays, with dtype and device where they are not the defaults.

    >>> import miai as mi
    >>> mi.tensor([1.0, 2.0])
    Tensor([1., 2.])
    >>> mi.tensor([1, 2], dtype="int32")
    Tensor([1, 2], dtype=int32)
    """
    kind = type(self).__name__
    if self._is_empty:
        return f"{kind}(empty)"
    extra = ""
    if dtype_name(self.dtype) not in ("float32", "int64", "bool"):
        extra += f", dtype={dtype_name(self.dtype)}"
    if self.device != "cpu":
        extra += f", device={self.device!r}"
    if _core.is_recording():
        return f"{kind}(<being traced>, shape={self.shape}{extra})"
    body = np.array2string(self.numpy(), separator=", ", prefix=kind + "(", threshold=1000)
    if self.size == 0:
        extra = f", shape={self.shape}" + extra
    return f"{kind}({body}{extra})"
