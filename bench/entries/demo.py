"""The demo's network: training, and the classifier on one image."""

from __future__ import annotations

from bench.entries.families import inference, training
from bench.entry import Entry
from bench.workload import Workload, integers, normal

_TRAINING = Workload("demo", normal(128, 1, 28, 28), integers(10, 128))
_INFERENCE = Workload("demo", normal(1, 1, 28, 28))

TRAIN = Entry("demo's training step, batch 128", training(_TRAINING), workload=_TRAINING)
INFER = Entry("demo's classifier, 1 image", inference(_INFERENCE), workload=_INFERENCE)
