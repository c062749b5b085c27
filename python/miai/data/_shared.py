"""Shared memory without names, and how a batch is laid out in it.

Memory comes from `memfd_create`: it has no name, so nothing can be left behind, and the size of /dev/shm does
not limit it. Where the kernel refuses, or `MIAI_DEV_SHM=1` asks for it, an unlinked file in /dev/shm serves,
and every page is reserved at once: memory that does not fit is an error here instead of a SIGBUS later.
"""

from __future__ import annotations

import errno
import io
import mmap
import os
import pickle
import tempfile
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_ALIGN = 64
_SHM_DIR = "/dev/shm"
Bytes = npt.NDArray[np.uint8]


def aligned(size: int) -> int:
    """`size` rounded up to the alignment of arrays in shared memory."""
    return -(-size // _ALIGN) * _ALIGN


def create(size: int, what: str = "a batch") -> int:
    """A new memory file of `size` bytes, every page reserved; the caller closes the descriptor."""
    fd = -1
    try:
        fd = _open()
        _reserve(fd, max(size, 1))
    except OSError as error:
        if fd >= 0:
            os.close(fd)
        if error.errno in (errno.ENOSPC, errno.ENOMEM, errno.EFBIG):
            raise MemoryError(_no_room(size, what)) from None
        raise
    return fd


def _open() -> int:
    if os.environ.get("MIAI_DEV_SHM") != "1" and hasattr(os, "memfd_create"):
        try:
            return os.memfd_create("miai-data", os.MFD_CLOEXEC)
        except OSError:
            pass
    fd, path = tempfile.mkstemp(prefix="miai-", dir=_SHM_DIR)
    os.unlink(path)
    return fd


def _reserve(fd: int, size: int) -> None:
    try:
        os.posix_fallocate(fd, 0, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
        os.ftruncate(fd, size)  # a system that cannot reserve


def _no_room(size: int, what: str) -> str:
    stat = os.statvfs(_SHM_DIR)
    free, total = stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize
    mib = 1024.0 * 1024.0
    return (
        f"DataLoader: no shared memory for {what} of {size / mib:.1f} MiB: {_SHM_DIR} holds"
        f" {total / mib:.1f} MiB, {free / mib:.1f} MiB of it free; take a smaller batch_size or num_workers,"
        " or give more (docker run --shm-size=1g)"
    )


def map_file(fd: int, size: int, private: bool = False) -> mmap.mmap:
    """The file's memory: shared, or `private` (reads are shared, the first write to a page copies it)."""
    flags = mmap.MAP_PRIVATE if private else mmap.MAP_SHARED
    return mmap.mmap(fd, max(size, 1), flags, mmap.PROT_READ | mmap.PROT_WRITE)


def file_of(parts: Sequence[bytes | memoryview], what: str) -> int:
    """A memory file with `parts` one after the other, each aligned."""
    fd = create(sum(aligned(len(part)) for part in parts), what)
    offset = 0
    try:
        for part in parts:
            view = memoryview(part)
            while view:
                written = os.pwrite(fd, view, offset)
                view, offset = view[written:], offset + written
            offset = aligned(offset)
    except BaseException:
        os.close(fd)
        raise
    return fd


class ArrayPickler(pickle.Pickler):
    """Pickles with arrays out of band; an array with gaps is made contiguous for it."""

    def reducer_override(self, value: Any) -> Any:
        if type(value) is np.ndarray and not (value.flags.forc or value.dtype.hasobject):
            return np.ascontiguousarray(value).__reduce_ex__(5)
        return NotImplemented


class Packed:
    """A pickled value: `head` is the pickle, `parts` the memory of its arrays, `sizes` their lengths."""

    def __init__(self, value: Any, pickler: Callable[..., pickle.Pickler] = ArrayPickler) -> None:
        stream, buffers = io.BytesIO(), list[pickle.PickleBuffer]()
        pickler(stream, protocol=5, buffer_callback=buffers.append).dump(value)
        self.head = stream.getvalue()
        self.parts: list[bytes | memoryview] = [buffer.raw() for buffer in buffers]
        self.sizes = [len(part) for part in self.parts]
        self.nbytes = sum(aligned(size) for size in self.sizes)

    def write(self, memory: Bytes) -> None:
        """Copy the arrays into `memory`."""
        offset = 0
        for part, size in zip(self.parts, self.sizes, strict=True):
            memory[offset : offset + size] = np.frombuffer(part, np.uint8)
            offset += aligned(size)


def unpack(head: bytes, sizes: Sequence[int], memory: Bytes) -> Any:
    """The value whose pickle is `head`; its arrays are views of `memory`, which they keep alive."""
    buffers, offset = [], 0
    for size in sizes:
        buffers.append(memory[offset : offset + size])
        offset += aligned(size)
    return pickle.loads(head, buffers=buffers)


class Lease:
    """Lends memory to arrays: they keep it alive."""

    def __init__(self, memory: Bytes) -> None:
        self._memory = memory
        self.__array_interface__ = memory.__array_interface__


class Ticket(weakref.ref[Lease]):
    """A reference to a lease; its callback says that no array has the lease any more.

    The callback is to run no Python code: a Ctrl-C that came there would be dropped.
    """

    __slots__ = ("name",)
    name: int
