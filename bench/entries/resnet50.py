"""ResNet-50 v1.5 at 224 x 224: training, and features of images."""

from __future__ import annotations

from dataclasses import replace

from bench.entries.families import inference, training
from bench.entry import Entry
from bench.workload import Workload, integers, normal

# Its losses magnify rounding: with a larger rate even float32 and float64 part by the second step.
TRAINING = Workload("resnet50", normal(8, 3, 224, 224), integers(1000, 8), lr=1e-6)
ONE_IMAGE = Workload("resnet50_features", normal(1, 3, 224, 224))
_BFLOAT16 = replace(ONE_IMAGE, dtype="bfloat16")
_MANY_IMAGES = Workload("resnet50_features", normal(32, 3, 224, 224))

TRAIN = Entry("ResNet-50, training, batch 8", training(TRAINING), rounds=7, workload=TRAINING)
INFER = Entry("ResNet-50, features of 1 image", inference(ONE_IMAGE), workload=ONE_IMAGE)
_BFLOAT16_PEERS = ("miai", "PyTorch", "PyTorch channels_last", "torch.compile", "OpenVINO")
INFER_BFLOAT16 = Entry(
    "ResNet-50, features of 1 image, bfloat16",
    {name: make for name, make in inference(_BFLOAT16).items() if name in _BFLOAT16_PEERS},
    tolerance=0.03,  # 8 bits of 1 are kept
    workload=_BFLOAT16,
)
_MANY = {name: make for name, make in inference(_MANY_IMAGES).items() if name != "ncnn"}  # takes 1 image
INFER_MANY = Entry("ResNet-50, features of 32 images", _MANY, rounds=7, workload=_MANY_IMAGES)
