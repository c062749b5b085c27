"""What a bug report needs, and the environment variables that Miai reads (docs/environment.md)."""

from __future__ import annotations

import os
import platform
import sys

import numpy as np

from . import _core

ENVIRONMENT = {
    "MIAI_NUM_THREADS": "threads that one operator may use, 1 to 1024 (default: OMP_NUM_THREADS, else the "
    "cores that affinity and the control group allow)",
    "OMP_NUM_THREADS": "the same, where MIAI_NUM_THREADS is not set",
    "MIAI_TRACE": "0 turns @trace off",
    "MIAI_ISA": "the best instruction set that our own kernels use: baseline, avx2 or avx512",
    "MIAI_DISABLE_KERNELS": "kernels to leave out, by comma-separated name prefixes (onednn, x86/conv2d)",
    "MIAI_FAST_RUN": "1 measures kernels for every traced or loaded program (as trace(fast_run=True))",
    "MIAI_CACHE_DIR": "folder of the times that were measured (default: miai in XDG_CACHE_HOME or ~/.cache)",
    "MIAI_DETERMINISTIC": "1: deterministic mode from the start, as set_deterministic(True)",
    "MIAI_DISABLE_PASSES": "passes to leave out, by comma-separated names (fuse_pointwise,share_common)",
    "MIAI_LOG_LEVEL": "shows log messages from this level on stderr: debug, info, warning or error",
    "MIAI_DUMP_PASSES": "prints each traced function after every pass that changed it",
    "MIAI_DEV_SHM": "1 keeps the data loader's shared memory in /dev/shm (default: anonymous memory)",
    "MIAI_FAKE_SEED": "seed of the order and the delays of the fake device, which tests use",
}
_FLAGS = ("sse4_2", "avx2", "fma", "f16c", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16")


def set_deterministic(on: bool = True) -> None:
    """Deterministic mode: the number of threads changes no bit of a result, and nothing is measured.

    Kernels whose bits depend on the number of threads (oneDNN's) give way to Miai's own, which take longer.
    Eager calls heed it from the next one on; a traced function makes a plan for each mode.
    MIAI_DETERMINISTIC=1 turns it on from the start, in the SDK too.

    >>> set_deterministic(True)
    >>> is_deterministic()
    True
    >>> set_deterministic(False)
    """
    _core.set_deterministic(on)


def is_deterministic() -> bool:
    """Whether deterministic mode is on."""
    return _core.is_deterministic()


def show_config() -> str:
    """Version, processor, instruction sets, libraries and environment, as text to paste into a bug report.

    >>> "miai" in show_config()
    True
    """
    rows = {
        "miai": _core.__version__,
        "built with": _core.build_info,
        "python": f"{sys.version.split()[0]} ({platform.python_implementation()})",
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.release()}, {' '.join(platform.libc_ver())}",
        "processor": _processor(),
        "kernels of conv2d": ", ".join(_core.kernels("conv2d")),
        "threads": str(_core.thread_count()),
        "devices": f"cpu: {_core.device_count('cpu')}, default {_core.default_device()}",
    }
    lines = [f"{key}: {value}" for key, value in rows.items()]
    lines += [f"{name}={os.environ[name]}" for name in ENVIRONMENT if name in os.environ]
    return "\n".join(lines)


def _processor() -> str:
    model, flags = "", set()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            fields = dict(
                line.split(":", 1) for line in info.read().split("\n\n")[0].splitlines() if ":" in line
            )
        named = {key.strip(): value.strip() for key, value in fields.items()}
        model, flags = named.get("model name", ""), set(named.get("flags", "").split())
    known = " ".join(flag for flag in _FLAGS if flag in flags)
    return ", ".join(part for part in (platform.machine(), model, f"{os.cpu_count()} cores", known) if part)
