"""The Rosetta Stone's VGG-style CNN. Karmanov et al., 2018."""

from __future__ import annotations

from bench.entries.families import training
from bench.entry import Entry
from bench.workload import Workload, integers, normal

_TRAINING = Workload("rosetta", normal(64, 3, 32, 32), integers(10, 64), has_dropout=True)

TRAIN = Entry("VGG-style CNN, training, batch 64 of 32 x 32", training(_TRAINING), workload=_TRAINING)
