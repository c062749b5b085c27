"""Element types: NumPy's dtypes, and bfloat16, which NumPy lacks."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core


class _BFloat16:
    """The dtype of brain floats: 8 bits of exponent, 7 of mantissa. ``numpy()`` gives such tensors as
    float32."""

    name = "bfloat16"
    itemsize = 2
    kind = "f"

    def __repr__(self) -> str:
        return "miai.bfloat16"

    def __str__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return other is self or other == "bfloat16"

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> str:
        return "bfloat16"


bfloat16 = _BFloat16()
_core.set_bfloat16(bfloat16)

bool_ = np.dtype("bool")
uint8 = np.dtype("uint8")
int8 = np.dtype("int8")
int16 = np.dtype("int16")
int32 = np.dtype("int32")
int64 = np.dtype("int64")
float16 = np.dtype("float16")
float32 = np.dtype("float32")
float64 = np.dtype("float64")


def dtype_name(dtype: Any) -> str:
    """Name of a dtype given as numpy.dtype, type, name or miai.bfloat16.

    >>> dtype_name(np.float32)
    'float32'
    """
    return _core.dtype_name(dtype)


def is_floating(dtype: Any) -> bool:
    """Whether a dtype is a floating one.

    >>> is_floating("int64"), is_floating(bfloat16)
    (False, True)
    """
    return "float" in dtype_name(dtype)
