"""Networks of the literature, with the parameter names and shapes of the best-known PyTorch versions, so that
their state dicts load. All start from random values.

>>> import miai as mi
>>> net = mi.models.resnet18(num_classes=10).eval()
>>> net(mi.functional.ones((1, 3, 32, 32))).shape
(1, 10)
"""

from .gpt2 import GPT2, gpt2
from .gru_classifier import GRUClassifier, gru_classifier
from .key_value_cache import KeyValueCache
from .mobilenet_v2 import MobileNetV2, mobilenet_v2
from .resnet import (
    ResNet,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
    resnext50_32x4d,
    wide_resnet50_2,
)
from .rosetta import RosettaCNN, rosetta_cnn
from .transformer import TransformerClassifier, transformer_classifier, transformer_encoder
from .unet import UNet, unet
from .vgg import VGG, vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn

__all__ = [
    "GPT2",
    "GRUClassifier",
    "VGG",
    "KeyValueCache",
    "MobileNetV2",
    "ResNet",
    "RosettaCNN",
    "TransformerClassifier",
    "UNet",
    "gpt2",
    "gru_classifier",
    "mobilenet_v2",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "rosetta_cnn",
    "transformer_classifier",
    "transformer_encoder",
    "unet",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
    "wide_resnet50_2",
]
