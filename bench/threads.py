"""The same number of threads and cores for every contender."""

from __future__ import annotations

import os


def environment(threads: int) -> dict[str, str]:
    """Variables that the libraries read when they are loaded, beside the present ones."""
    count = str(threads)
    names = ("MIAI", "OMP", "MKL", "OPENBLAS")
    flags = "" if threads > 1 else " --xla_cpu_multi_thread_eigen=false"
    return {
        **os.environ,
        **{f"{name}_NUM_THREADS": count for name in names},
        "NPROC": count,  # XLA's pool
        "XLA_FLAGS": (os.environ.get("XLA_FLAGS", "") + flags).strip(),
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def use_cores(threads: int) -> None:
    """Binds this process to as many cores as threads: helpers of a library get none of their own."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
