"""Miai: train and infer, eager and traced, Python and C++: the same result."""

import pathlib

from . import _core

__version__: str = _core.__version__


def sdk_path() -> str:
    """Directory for CMake's ``CMAKE_PREFIX_PATH``: the SDK's headers, library and CMake package.

    >>> import miai, os
    >>> os.path.isdir(miai.sdk_path())
    True
    """
    return str(pathlib.Path(_core.__file__).parent)  # not of this file: an editable install's lies elsewhere
