"""What a plan needs in memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MemoryReport:
    """Bytes of a plan. `arena_bytes` is its peak, `lower_bound_bytes` the largest sum of live bytes of its
    schedule."""

    arena_bytes: int
    lower_bound_bytes: int
    commit_bytes: int
    state_bytes: int
    constant_bytes: int
    workspace_bytes: int
    output_bytes: int

    def __str__(self) -> str:
        rows = [
            f"{name.removesuffix('_bytes'):>12}: {value / 2**20:10.2f} MiB"
            for name, value in vars(self).items()
        ]
        return "\n".join(rows)
