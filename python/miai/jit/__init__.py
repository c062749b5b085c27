"""@trace: from a Python function to a static program."""

from .dump import dump
from .excluded import exclude_from_trace
from .trace import TraceError, trace

__all__ = ["TraceError", "dump", "exclude_from_trace", "trace"]
