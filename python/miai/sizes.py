"""Sizes of memory as people write them."""

from __future__ import annotations

import re

_UNITS = {"": 1, "B": 1}
for _power, _letter in enumerate("KMGT", start=1):
    _UNITS[f"{_letter}B"] = 1000**_power
    _UNITS[f"{_letter}iB"] = 1024**_power


def parse_bytes(size: int | str, function: str, argument: str) -> int:
    """The bytes of a positive number, or of a text such as "512MiB", "1.5 GiB" or "4GB"."""
    if isinstance(size, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*([A-Za-z]*)\s*", size)
        units = {unit.lower(): factor for unit, factor in _UNITS.items()}
        if match and match[2].lower() in units:
            number = int(float(match[1]) * units[match[2].lower()])
            if number > 0:
                return number
    elif isinstance(size, int) and not isinstance(size, bool):
        if size > 0:
            return size
    else:
        raise TypeError(
            f"{function}: argument {argument!r}: expected bytes as an int or a text such as '4GiB', "
            f"got {type(size).__name__}"
        )
    raise ValueError(
        f"{function}: argument {argument!r}: expected a positive number of bytes, such as 2**32 or '4GiB', "
        f"got {size!r}"
    )


def format_bytes(count: int) -> str:
    """ "1.50 GiB" """
    value, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return f"{count} bytes" if units[0] == "bytes" else f"{value:.2f} {units[0]}"
