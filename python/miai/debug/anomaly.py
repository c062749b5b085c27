"""detect_anomaly: which operator made the first NaN."""

from __future__ import annotations

from typing import Any

from .. import _core


class detect_anomaly:  # noqa: N801 - used like a keyword
    """Context in which the operator that makes a NaN or an infinity raises, forward and backward.

    The FloatingPointError names the operator, the user's line (for a gradient, the line of the operator whose
    gradient it is, and that of the backward call), the output, its shape, how many values are bad, and which
    inputs held some already. It holds for the thread that enters it. A traced call then runs the operators as
    they were written, one by one, and is refused before it writes any state. Looking costs much; outside of
    the context it costs nothing.

    Args:
        infinity: False looks for NaN alone, for programs that mean their infinities (masks of attention).

    >>> import miai as mi
    >>> with detect_anomaly():
    ...     mi.tensor([1.0, 0.0]).log()
    Traceback (most recent call last):
        ...
    FloatingPointError: log (<doctest ...>:2): output 'out' of shape [2] holds 1 infinity
    """

    def __init__(self, *, infinity: bool = True) -> None:
        self._what = 2 if infinity else 1
        self._before: list[int] = []

    def __enter__(self) -> detect_anomaly:
        self._before.append(_core.set_anomaly_detection(self._what))
        return self

    def __exit__(self, *exception: Any) -> None:
        _core.set_anomaly_detection(self._before.pop())
