"""Exchange of memory with NumPy, PyTorch and others, without copies. Exported memory is never written by us
while held."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core
from .tensor import Tensor

_CPU = (1, 0)


def _dlpack(
    self: Tensor, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
) -> Any:
    if dl_device not in (None, _CPU):
        raise BufferError(f"__dlpack__: the tensor is on the CPU, device {dl_device} was asked for")
    return _core.to_dlpack(_core.op("copy")(self) if copy else self)


Tensor.__dlpack__ = _dlpack
Tensor.__dlpack_device__ = lambda self: _CPU


def from_dlpack(ext_tensor: Any, stream: Any = None) -> Tensor:
    """A tensor over the memory of any object with ``__dlpack__`` (or a capsule). It is never written by us.

    >>> import numpy as np
    >>> from_dlpack(np.arange(3.0))
    Tensor([0., 1., 2.], dtype=float64)
    """
    if hasattr(ext_tensor, "__dlpack_device__") and tuple(map(int, ext_tensor.__dlpack_device__())) != _CPU:
        raise NotImplementedError("from_dlpack: only tensors of the CPU can be taken in this build")
    capsule = ext_tensor.__dlpack__() if hasattr(ext_tensor, "__dlpack__") else ext_tensor
    return _core.from_dlpack_capsule(capsule)


def to_dlpack(tensor: Tensor, stream: Any = None) -> Any:
    """A DLPack capsule of the tensor's memory."""
    return _dlpack(tensor)


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor over the array's memory where its elements are aligned, else a copy. The array must not be
    written while the tensor lives.

    >>> import numpy as np
    >>> from_numpy(np.array([1, 2]))
    Tensor([1, 2])
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: expected a numpy.ndarray, got {type(array).__name__}")
    return _core.from_numpy(array)
