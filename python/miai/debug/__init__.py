"""Looking into a step, eager or traced: values on their way, the first NaN, faults for tests."""

from .anomaly import detect_anomaly
from .fault import fail_allocation_at, fail_at
from .tap import collect, print, tap

__all__ = ["collect", "detect_anomaly", "fail_allocation_at", "fail_at", "print", "tap"]
