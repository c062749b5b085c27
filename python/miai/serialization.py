"""save and load: checkpoints as safetensors files, whole or absent."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from . import _core
from .tensor import Parameter, Tensor, tensor

_KEY = "miai.checkpoint"


def save(obj: Any, f: Any) -> None:
    """Writes nested dicts, lists and tuples of tensors, NumPy arrays, numbers, strings and None into one
    file.

    The file is a valid safetensors file: tensors are tensors, the rest is JSON in its metadata. It is written
    beside the target and renamed, so that an interrupted save leaves the old file.

    Raises TypeError naming the place of a value that cannot be kept (nothing is pickled), OSError if writing
    fails.

    >>> import miai as mi, tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "state.safetensors")
    ...     save({"w": mi.tensor([1.0]), "epoch": 3}, path)
    ...     load(path)
    {'w': Tensor([1.]), 'epoch': 3}
    """
    tensors: dict[str, Tensor] = {}
    tree = _encode(obj, "", tensors)
    _core.write_tensors(os.fspath(f), list(tensors.items()), {_KEY: json.dumps(tree)})


def load(f: Any, map_location: str | None = None, check: bool = True) -> Any:
    """What `save` wrote; for another safetensors file, a dict of its tensors.

    Args:
        map_location: device of the tensors; None: the default device.
        check: verify the tensors' checksums.

    Raises OSError for a missing, truncated or damaged file.
    """
    path = os.fspath(f)
    entries, tree = _core.read_tensors(path, check, _KEY)
    device = map_location or _core.default_device()
    tensors = {name: value.to(device) for name, value in entries}
    if tree is None:
        return tensors
    try:
        return _decode(json.loads(tree), tensors)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as fault:
        raise OSError(f"'{path}': the checkpoint's structure is damaged ({type(fault).__name__})") from fault


def _encode(obj: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(obj, (Tensor, np.ndarray)):
        name = path or "tensor"
        tensors[name] = obj.detach() if isinstance(obj, Tensor) else tensor(obj)
        kind = "parameter" if isinstance(obj, Parameter) else "tensor" if isinstance(obj, Tensor) else "array"
        return {kind: name}
    if isinstance(obj, np.generic):
        return _encode(np.asarray(obj), path, tensors)
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return {"value": obj}
    if isinstance(obj, dict):
        items = [
            [_encode_key(key, path), _encode(value, f"{path}.{key}" if path else str(key), tensors)]
            for key, value in obj.items()
        ]
        return {"dict": items}
    if isinstance(obj, (list, tuple)):
        kind = "list" if isinstance(obj, list) else "tuple"
        return {
            kind: [_encode(value, f"{path}.{i}" if path else str(i), tensors) for i, value in enumerate(obj)]
        }
    raise TypeError(
        f"save: value at '{path or '.'}': expected tensors, arrays, numbers, strings, None or nested dicts, "
        f"lists and tuples of them, got {type(obj).__name__}; save its state_dict()"
    )


def _encode_key(key: Any, path: str) -> Any:
    if isinstance(key, (str, int)) and not isinstance(key, bool):
        return key
    raise TypeError(
        f"save: key of the dict at '{path or '.'}': expected a string or an int, got {type(key).__name__}"
    )


def _decode(tree: Any, tensors: dict[str, Tensor]) -> Any:
    ((kind, content),) = tree.items()
    if kind == "value":
        return content
    if kind == "tensor":
        return tensors[content]
    if kind == "parameter":
        return Parameter(tensors[content])
    if kind == "array":
        return tensors[content].numpy(copy=True)
    if kind == "dict":
        return {key: _decode(value, tensors) for key, value in content}
    items = [_decode(value, tensors) for value in content]
    return {"list": items, "tuple": tuple(items)}[kind]
