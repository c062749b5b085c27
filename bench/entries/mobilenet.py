"""MobileNetV2 at 224 x 224."""

from __future__ import annotations

from bench.entries.families import inference
from bench.entry import Entry
from bench.workload import Workload, normal

_ONE_IMAGE = Workload("mobilenet_v2", normal(1, 3, 224, 224))

INFER = Entry("MobileNetV2, 1 image", inference(_ONE_IMAGE), workload=_ONE_IMAGE)
