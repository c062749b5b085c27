"""ResNet-50 v1.5 at 224 x 224: training, and features of images."""

from __future__ import annotations

from bench.entries.families import inference, training
from bench.entry import Entry
from bench.workload import Workload, integers, normal

# Its losses magnify rounding: with a larger rate even float32 and float64 part by the second step.
TRAINING = Workload("resnet50", normal(8, 3, 224, 224), integers(1000, 8), lr=1e-6)
ONE_IMAGE = Workload("resnet50_features", normal(1, 3, 224, 224))
_MANY_IMAGES = Workload("resnet50_features", normal(32, 3, 224, 224))

TRAIN = Entry("ResNet-50, training, batch 8", training(TRAINING), rounds=7, workload=TRAINING)
INFER = Entry("ResNet-50, features of 1 image", inference(ONE_IMAGE), workload=ONE_IMAGE)
_MANY = {name: make for name, make in inference(_MANY_IMAGES).items() if name != "ncnn"}  # takes 1 image
INFER_MANY = Entry("ResNet-50, features of 32 images", _MANY, rounds=7, workload=_MANY_IMAGES)
