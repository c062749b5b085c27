"""Reader of the IDX format (the MNIST family's files), plain or compressed by gzip, for files that may be
damaged.

Format: http://yann.lecun.com/exdb/mnist/ (two zero bytes, a byte for the type, one for the rank, big-endian
sizes).
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MAX_BYTES = 1 << 34


def read_idx(path: str | os.PathLike[str]) -> npt.NDArray[Any]:
    """The array in the file at `path`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not IDX, is cut short or goes on after its end.

    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "labels")
    >>> _ = open(path, "wb").write(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    >>> read_idx(path)
    array([7, 8, 9], dtype=uint8)
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not packed:
                return _parse(raw, name)
            with gzip.GzipFile(fileobj=raw) as unpacked:
                return _parse(unpacked, name)  # type: ignore[arg-type]
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"read_idx: {name}: damaged gzip data ({error}); fetch the file again") from error


def _parse(stream: BinaryIO, name: str) -> npt.NDArray[Any]:
    head = stream.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES:
        raise ValueError(f"read_idx: {name}: expected an IDX header, got {head.hex(' ') or 'an empty file'}")
    rank = head[3]
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise ValueError(f"read_idx: {name}: cut short in its header")
    shape = struct.unpack(f">{rank}I", sizes)
    dtype = np.dtype(_TYPES[head[2]])
    size = math.prod(shape) * dtype.itemsize
    if rank > 8 or size > _MAX_BYTES:
        raise ValueError(f"read_idx: {name}: expected at most rank 8 and 16 GiB, got shape {list(shape)}")
    data = bytearray()
    while len(data) <= size:
        part = stream.read(min(1 << 20, size + 1 - len(data)))
        if not part:
            break
        data += part
    if len(data) != size:
        found = f"only {len(data)}" if len(data) < size else "more"
        raise ValueError(f"read_idx: {name}: expected {size} bytes for shape {list(shape)}, got {found}")
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
