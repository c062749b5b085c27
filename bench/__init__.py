"""Benchmarks: ``miai bench`` in a checkout of the sources, or ``python -m bench``."""
