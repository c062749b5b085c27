"""Miai: train and infer, eager and traced, Python and C++: the same result.

>>> import miai as mi
>>> mi.tensor([1.0, 2.0]) + 1
Tensor([2., 3.])
"""

import importlib as _importlib
import os as _os
import pathlib as _pathlib
import typing as _typing

from . import _core

_core.set_package_folder(str(_pathlib.Path(__file__).parent) + _os.sep)

from . import dtype  # noqa: E402
from .dtype import bfloat16, float16, float32, float64, int8, int16, int32, int64, uint8  # noqa: E402
from .tensor import Parameter, Tensor, tensor  # noqa: E402
from .tensor_methods import install_methods  # noqa: E402

install_methods()

from . import autodiff, data, debug, device, dtr, functional, jit, module, optimizer, profiler, random  # noqa: E402
from .autodiff import GradManager, grad, no_grad, value_and_grad  # noqa: E402
from .checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from .config import is_deterministic, set_deterministic, show_config  # noqa: E402
from .custom import register_operator  # noqa: E402
from .device import (  # noqa: E402
    get_default_device,
    get_device_count,
    is_cuda_available,
    set_default_device,
    synchronize,
)
from .dlpack import from_dlpack, from_numpy  # noqa: E402
from .jit import trace  # noqa: E402
from .logger import get_logger, set_log_file, set_log_level  # noqa: E402
from .plugin import load_plugin  # noqa: E402
from .serialization import load, save  # noqa: E402

if _typing.TYPE_CHECKING:
    from . import models
else:

    def __getattr__(name: str) -> _typing.Any:  # models are imported when they are first asked for
        if name == "models":
            return _importlib.import_module(".models", __name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__version__: str = _core.__version__


def sdk_path() -> str:
    """Directory for CMake's ``CMAKE_PREFIX_PATH``: the SDK's headers, library and CMake package.

    >>> import miai, os
    >>> os.path.isdir(miai.sdk_path())
    True
    """
    return str(_pathlib.Path(_core.__file__).parent)  # not of this file: an editable install's lies elsewhere


__all__ = [
    "GradManager", "Parameter", "Tensor", "autodiff", "bfloat16", "data", "debug", "device", "dtype",
    "dtr", "float16", "float32", "float64", "from_dlpack", "from_numpy", "functional", "get_default_device",
    "get_device_count", "get_logger", "grad", "int16", "int32", "int64", "int8", "is_cuda_available",
    "is_deterministic", "jit", "load", "load_checkpoint", "load_plugin", "models", "module", "no_grad",
    "optimizer", "profiler", "random", "register_operator", "save", "save_checkpoint", "sdk_path",
    "set_default_device", "set_deterministic", "set_log_file", "set_log_level", "show_config",
    "synchronize", "tensor", "trace", "uint8", "value_and_grad",
]  # fmt: skip
