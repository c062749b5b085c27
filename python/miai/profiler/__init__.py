"""What operators take, eager and traced: tables, traces for Perfetto, and a roofline of a model file."""

from .averages import Average, KeyAverages
from .event import Event
from .profile import profile

__all__ = ["Average", "Event", "KeyAverages", "profile"]
