"""A small MLP, where the framework's own cost shows: 64-64-64-64, batch 8."""

from __future__ import annotations

from bench.entries.families import training
from bench.entry import Entry
from bench.workload import Workload, normal

_WORKLOAD = Workload("mlp", normal(8, 64), normal(8, 64), loss="mse", lr=1e-4, is_image=False)

TRAIN = Entry("MLP 64-64-64-64, training, batch 8", training(_WORKLOAD), workload=_WORKLOAD)
