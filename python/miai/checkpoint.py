"""Checkpoints: everything that a run needs to go on, in one file."""

from __future__ import annotations

from typing import Any

from .random import get_rng_state, set_rng_state
from .serialization import load, save

_RANDOM = "random"


def save_checkpoint(f: Any, *, random: bool = True, **parts: Any) -> None:
    """Writes the parts into one file, by their names; whole or absent, see `save`.

    Args:
        random: add the random state of the default device.
        parts: what has a ``state_dict()`` (modules, optimizers, schedules, loaders, samplers) is kept by it;
            numbers, strings, tensors and nested lists and dicts of them as they are.

    Raises TypeError naming the place of a value that cannot be kept, OSError if writing fails.

    >>> import miai as mi, tempfile, os
    >>> net = mi.module.Linear(2, 2)
    >>> opt = mi.optimizer.SGD(net.parameters(), lr=0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "run.safetensors")
    ...     save_checkpoint(path, model=net, optimizer=opt, epoch=3)
    ...     load_checkpoint(path, model=net, optimizer=opt)
    {'epoch': 3}
    """
    states = {name: part.state_dict() if _has_state(part) else part for name, part in parts.items()}
    kinds = {name: _has_state(part) for name, part in parts.items()}
    save({"states": states, "kinds": kinds, _RANDOM: get_rng_state() if random else None}, f)


def load_checkpoint(f: Any, *, map_location: str | None = None, random: bool = True, **parts: Any) -> dict:
    """Gives the parts what `save_checkpoint` wrote under their names, and returns the rest as a dict.

    The rest are the numbers, strings and tensors, and the states of the parts that were not named.

    Args:
        map_location: device of the tensors; None: the default device. Parts keep their own devices.
        random: put the random state of the default device back, if the file has it.

    Raises:
        OSError: the file is missing, truncated or damaged.
        ValueError: it is no checkpoint, lacks a part, or a part's state does not fit.
        TypeError: a part has no ``load_state_dict``.
    """
    content = load(f, map_location)
    if not isinstance(content, dict) or set(content) != {"states", "kinds", _RANDOM}:
        raise ValueError(f"load_checkpoint: {f}: expected a file of save_checkpoint; read it with miai.load")
    states = content["states"]
    for name, part in parts.items():
        if not hasattr(part, "load_state_dict"):
            raise TypeError(
                f"load_checkpoint: argument '{name}': expected something with load_state_dict, got "
                f"{type(part).__name__}; what is returned has it"
            )
        if not content["kinds"].get(name):
            held = ", ".join(name for name, is_part in content["kinds"].items() if is_part) or "none"
            raise ValueError(f"load_checkpoint: {f}: no state of '{name}' in it; it has those of {held}")
    for name, part in parts.items():
        part.load_state_dict(states.pop(name))
    if random and content[_RANDOM] is not None:
        set_rng_state(content[_RANDOM])
    return states


def _has_state(part: Any) -> bool:
    return hasattr(part, "state_dict")
