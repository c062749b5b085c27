"""A transformer encoder: 4 layers, d = 256, 4 heads, feed-forward 1024, batch 8 of 128 steps."""

from __future__ import annotations

from bench.entries.families import inference, training
from bench.entry import Entry
from bench.workload import Workload, normal

_WORKLOAD = Workload(
    "encoder",
    normal(8, 128, 256),
    normal(8, 128, 256),
    loss="mse",
    optimizer="Adam",
    lr=1e-4,
    is_image=False,
    has_dropout=True,
)

TRAIN = Entry("transformer encoder, training, 8 x 128", training(_WORKLOAD), workload=_WORKLOAD)
INFER = Entry("transformer encoder, inference, 8 x 128", inference(_WORKLOAD), workload=_WORKLOAD)
