"""Where random numbers in samplers, datasets and transforms come from.

Every batch has a generator of its own, made from (seed, rank, epoch, number of the batch): what is drawn
while a batch is loaded depends on nothing else, neither on the number of workers nor on the batches before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

_current: ContextVar[np.random.Generator | None] = ContextVar("miai_data_rng", default=None)
_root: np.random.SeedSequence | None = None


def set_seed(seed: int) -> None:
    """Make every sampler and loader that is created from now on without a seed take one derived from `seed`.

    >>> from miai.data import RandomSampler, set_seed
    >>> set_seed(7)
    >>> first = list(RandomSampler(range(5)))
    >>> set_seed(7)
    >>> list(RandomSampler(range(5))) == first
    True
    """
    global _root
    _root = np.random.SeedSequence(seed)


def fresh_seed() -> int:
    """The seed of an object whose user gave none: derived from `set_seed`, else from the system's entropy."""
    source = _root.spawn(1)[0] if _root is not None else np.random.SeedSequence()
    return int(source.generate_state(1, np.uint64)[0] >> np.uint64(1))


def get_rng() -> np.random.Generator:
    """The generator that transforms and datasets draw from: the current batch's, else one of this thread.

    >>> from miai.data import get_rng
    >>> get_rng().random(3).shape
    (3,)
    """
    rng = _current.get()
    if rng is None:
        rng = np.random.default_rng(fresh_seed())
        _current.set(rng)
    return rng


@contextmanager
def seeded(*entropy: int) -> Iterator[np.random.Generator]:
    """Within it `get_rng()` and the global generators of NumPy and `random` are seeded from `entropy`.

    The global generators get back their old state afterwards.

    >>> from miai.data import get_rng, seeded
    >>> with seeded(1, 2):
    ...     a = get_rng().random()
    >>> with seeded(1, 2):
    ...     a == get_rng().random()
    True
    """
    sequence = np.random.SeedSequence(entropy)
    words = sequence.generate_state(4)
    rng = np.random.Generator(np.random.PCG64(sequence))
    old_numpy, old_random = np.random.get_state(), random.getstate()
    token = _current.set(rng)
    np.random.seed(words)
    random.seed(words.tobytes())
    try:
        yield rng
    finally:
        _current.reset(token)
        np.random.set_state(old_numpy)
        random.setstate(old_random)
