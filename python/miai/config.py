"""What a bug report needs, and the environment variables that Miai reads."""

from __future__ import annotations

import os
import platform
import sys

import numpy as np

from . import _core

ENVIRONMENT = {
    "MIAI_NUM_THREADS": "threads that one operator may use (default: the cores at hand)",
    "MIAI_TRACE": "0 turns @trace off",
    "MIAI_ISA": "lowers the instruction set of our kernels: baseline, avx2 or avx512",
    "MIAI_DISABLE_KERNELS": "kernels to leave out, by comma-separated name prefixes",
    "MIAI_DEV_SHM": "1 keeps the data loader's shared memory in /dev/shm (default: anonymous memory)",
    "MIAI_FAKE_SEED": "seed of the fake device's delays and order",
}


def show_config() -> str:
    """Version, processor, instruction sets, libraries and environment, as text to paste into a bug report.

    >>> "miai" in show_config()
    True
    """
    flags = ""
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            text = info.read()
        words = set(text.split())
        flags = " ".join(
            f for f in ("sse4_2", "avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16") if f in words
        )
    rows = {
        "miai": _core.__version__,
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "system": platform.platform(),
        "processor": f"{platform.machine()}, {os.cpu_count()} cores, {flags}",
        "oneDNN": "yes" if any("onednn" in k for k in _core.kernels("conv2d")) else "no",
        "threads": str(_core.thread_count()),
        "devices": ", ".join(f"{kind}: {_core.device_count(kind)}" for kind in ("cpu", "fake")),
    }
    lines = [f"{key}: {value}" for key, value in rows.items()]
    lines += [f"{name}={os.environ[name]}" for name in ENVIRONMENT if name in os.environ]
    return "\n".join(lines)
