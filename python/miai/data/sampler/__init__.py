"""Samplers: which samples of a dataset make up each batch, in which order, on which of several processes."""

from .base import Sampler
from .endless import Infinite, StreamSampler
from .map import MapSampler
from .orders import RandomSampler, ReplacementSampler, SequentialSampler

__all__ = [
    "Infinite",
    "MapSampler",
    "RandomSampler",
    "ReplacementSampler",
    "Sampler",
    "SequentialSampler",
    "StreamSampler",
]
