"""@trace: from a Python function to a static program."""

from .dump import dump
from .trace import TraceError, exclude_from_trace, trace

__all__ = ["TraceError", "dump", "exclude_from_trace", "trace"]
