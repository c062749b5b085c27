"""Messages between the loader, its fork server and its workers: pickles, and file descriptors beside them.

A channel is one end of a pair of Unix sockets that keep message borders, so a process that dies in the middle
of anything never leaves half a message behind. What is too large for one message travels in a memory file.
"""

from __future__ import annotations

import os
import pickle
import socket
import weakref
from typing import Any

from . import _shared

_INLINE = 4096  # so small that all messages under way fit the socket's buffer, and no sender waits
_MAX_FDS = 8


class ChannelClosed(Exception):
    """The other end is gone."""


class Channel:
    """One end of a two-way line of messages."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        _open.add(self)

    @staticmethod
    def pair() -> tuple[Channel, Channel]:
        """Two connected ends."""
        first, second = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return Channel(first), Channel(second)

    @staticmethod
    def from_fd(fd: int) -> Channel:
        """The end whose descriptor came by inheritance or in a message."""
        return Channel(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=fd))

    def fileno(self) -> int:
        """The descriptor, for `select`."""
        return self._socket.fileno()

    def send(self, message: Any, fds: tuple[int, ...] = ()) -> None:
        """Send `message` (anything that pickles) and copies of the descriptors `fds`."""
        data = pickle.dumps(message, protocol=5)
        spilled = -1
        if len(data) > _INLINE:
            spilled = _shared.file_of([data], "a message")
            data, fds = str(len(data)).encode(), (spilled, *fds)
        kind = b"M" if spilled >= 0 else b"I"
        try:
            socket.send_fds(self._socket, [kind, data], fds)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ChannelClosed from error
        finally:
            if spilled >= 0:
                os.close(spilled)

    def receive(self) -> tuple[Any, list[int]]:
        """Wait for the next message and its descriptors, which the caller then owns."""
        try:
            data, fds, flags, _ = socket.recv_fds(self._socket, _INLINE + 64, _MAX_FDS)
        except (
            ConnectionResetError
        ):  # said once, when the other end left our messages unread; its own are still there
            return self.receive()
        if not data:
            raise ChannelClosed
        if flags & socket.MSG_CTRUNC:
            for fd in fds:
                os.close(fd)
            raise OSError("DataLoader: too many open files in this process (see `ulimit -n`)")
        for fd in fds:
            os.set_inheritable(fd, False)
        if data[:1] == b"M":
            memory = _shared.map_file(fds[0], int(data[1:]))
            os.close(fds[0])
            return pickle.loads(memory), fds[1:]
        return pickle.loads(memoryview(data)[1:]), fds

    def close(self) -> None:
        """Close this end; the other one then sees ChannelClosed."""
        _open.discard(self)
        self._socket.close()


_open: weakref.WeakSet[Channel] = weakref.WeakSet()


def _close_copies() -> None:
    """In a forked process: let go of the lines of its parent, whose end would else go unnoticed."""
    for channel in list(_open):
        channel.close()


os.register_at_fork(after_in_child=_close_copies)
