"""The Rosetta Stone's GRU for sentiment: 30,000 words, 150 steps, embedding 125, 100 units, batch 64."""

from __future__ import annotations

from bench.entries.families import inference, training
from bench.entry import Entry
from bench.workload import Workload, integers

_WORKLOAD = Workload(
    "gru", integers(30000, 64, 150), integers(2, 64), optimizer="Adam", lr=1e-3, is_image=False
)

TRAIN = Entry("GRU for sentiment, training, batch 64", training(_WORKLOAD), workload=_WORKLOAD)
INFER = Entry("GRU for sentiment, inference, batch 64", inference(_WORKLOAD), workload=_WORKLOAD)
