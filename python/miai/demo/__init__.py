"""The demonstration: ``python -m miai.demo``."""
