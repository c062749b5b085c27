"""Devices, their memory, and threads."""

from __future__ import annotations

import atexit
import contextlib
from collections.abc import Iterator

from . import _core
from .sizes import parse_bytes


def set_default_device(device: str) -> None:
    """The device of tensors made without `device=`. Names: 'cpu', 'cpu:1' (a queue and thread of its own),
    'cuda:0'."""
    _core.set_default_device(device)


def get_default_device() -> str:
    """Name of the default device.

    >>> get_default_device()
    'cpu'
    """
    return _core.default_device()


@contextlib.contextmanager
def default_device(device: str) -> Iterator[None]:
    """The default device inside a with block.

    >>> with default_device("cpu:1"):
    ...     get_default_device()
    'cpu:1'
    """
    previous = get_default_device()
    set_default_device(device)
    try:
        yield
    finally:
        set_default_device(previous)


def is_cuda_available() -> bool:
    """Whether a CUDA device can be used."""
    try:
        return _core.device_count("cuda") > 0
    except NotImplementedError:
        return False


def get_device_count(device_type: str) -> int:
    """How many devices of a kind there are; 0 for a kind that this build lacks."""
    try:
        return _core.device_count(device_type)
    except NotImplementedError:
        return 0


def synchronize(device: str | None = None) -> None:
    """Waits for all work of a device, or of all devices."""
    _core.synchronize(device)


@atexit.register
def _finish() -> None:
    """Queued operators may be Python functions: they end before the interpreter does."""
    with contextlib.suppress(RuntimeError):  # a child that was forked has no queues to wait for
        synchronize()


def get_allocated_memory(device: str | None = None) -> int:
    """Bytes that tensors hold now."""
    return _core.memory_stats(_core.device_name(device))["allocated"]


def get_reserved_memory(device: str | None = None) -> int:
    """Bytes taken from the system, cached blocks included."""
    return _core.memory_stats(_core.device_name(device))["reserved"]


def get_max_allocated_memory(device: str | None = None) -> int:
    """Most bytes held at once since `reset_max_memory_stats`."""
    return _core.memory_stats(_core.device_name(device))["max_allocated"]


def get_max_reserved_memory(device: str | None = None) -> int:
    """Most bytes taken from the system since `reset_max_memory_stats`."""
    return _core.memory_stats(_core.device_name(device))["max_reserved"]


def reset_max_memory_stats(device: str | None = None) -> None:
    """Starts the maxima again from what is held now."""
    _core.reset_max_memory_stats(_core.device_name(device))


def coalesce_free_memory(device: str | None = None) -> None:
    """Gives cached blocks back to the system."""
    _core.trim_memory(_core.device_name(device))


empty_cache = coalesce_free_memory  # PyTorch's name


def set_memory_limit(bytes: int | str, device: str | None = None) -> None:  # noqa: A002
    """An allocation beyond so many bytes (a number, or "4GiB") raises MemoryError; 0 for no limit."""
    limit = 0 if bytes == 0 else parse_bytes(bytes, "set_memory_limit", "bytes")
    _core.set_memory_limit(_core.device_name(device), limit)


def get_num_threads() -> int:
    """Threads that one operator may use."""
    return _core.thread_count()


def set_num_threads(threads: int) -> None:
    """Sets the threads that one operator may use. Raises ValueError below 1."""
    if threads < 1:
        raise ValueError(f"set_num_threads: expected at least 1, got {threads}")
    _core.set_thread_count(threads)
