"""The models at full size with their published numbers of parameters, and small ones to run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch_language as tl
import torch_vision as tv
from miai import models
from miai.models.resnet import BasicBlock, Bottleneck, ResNet


class Full(NamedTuple):
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    parameters: int


def _vgg(depth: str, batch_norm: bool, parameters: int) -> Full:
    name = f"vgg{depth}_bn" if batch_norm else f"vgg{depth}"
    return Full(
        getattr(models, name), lambda: tv.VGG(tv.VGG_LAYERS[depth], batch_norm=batch_norm), parameters
    )


FULL = {
    "resnet18": Full(models.resnet18, lambda: tv.ResNet(tv.BasicBlock, (2, 2, 2, 2)), 11_689_512),
    "resnet34": Full(models.resnet34, lambda: tv.ResNet(tv.BasicBlock, (3, 4, 6, 3)), 21_797_672),
    "resnet50": Full(models.resnet50, lambda: tv.ResNet(tv.Bottleneck, (3, 4, 6, 3)), 25_557_032),
    "resnet101": Full(models.resnet101, lambda: tv.ResNet(tv.Bottleneck, (3, 4, 23, 3)), 44_549_160),
    "resnet152": Full(models.resnet152, lambda: tv.ResNet(tv.Bottleneck, (3, 8, 36, 3)), 60_192_808),
    "resnext50_32x4d": Full(
        models.resnext50_32x4d,
        lambda: tv.ResNet(tv.Bottleneck, (3, 4, 6, 3), groups=32, width_per_group=4),
        25_028_904,
    ),
    "wide_resnet50_2": Full(
        models.wide_resnet50_2,
        lambda: tv.ResNet(tv.Bottleneck, (3, 4, 6, 3), width_per_group=128),
        68_883_240,
    ),
    "mobilenet_v2": Full(models.mobilenet_v2, tv.MobileNetV2, 3_504_872),
    "vgg11": _vgg("11", False, 132_863_336),
    "vgg13": _vgg("13", False, 133_047_848),
    "vgg16": _vgg("16", False, 138_357_544),
    "vgg19": _vgg("19", False, 143_667_240),
    "vgg11_bn": _vgg("11", True, 132_868_840),
    "vgg13_bn": _vgg("13", True, 133_053_736),
    "vgg16_bn": _vgg("16", True, 138_365_992),
    "vgg19_bn": _vgg("19", True, 143_678_248),
    "unet": Full(models.unet, tv.UNet, 31_037_698),
    "unet, bilinear": Full(lambda: models.unet(bilinear=True), lambda: tv.UNet(bilinear=True), 17_263_042),
    "transformer_encoder": Full(models.transformer_encoder, tl.transformer_encoder, 1_579_520),
    "transformer_classifier": Full(models.transformer_classifier, tl.TransformerClassifier, 9_292_802),
    "gru_classifier": Full(models.gru_classifier, tl.GRUClassifier, 3_818_302),
    "gpt2": Full(models.gpt2, tl.GPT2LMHeadModel, 124_439_808),
    "rosetta_cnn": Full(models.rosetta_cnn, tv.RosettaCNN, 3_441_592),
}


class Small(NamedTuple):
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    data: Callable[[np.random.Generator], np.ndarray]
    training: bool = True  # whether gradients are compared in training mode: without dropout


def _images(*shape: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda rng: rng.standard_normal(shape)


def _tokens(vocabulary: int, *shape: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda rng: rng.integers(0, vocabulary, shape)


SMALL = {
    "resnet, basic": Small(
        lambda: ResNet(BasicBlock, (1, 2, 1, 1), 7),
        lambda: tv.ResNet(tv.BasicBlock, (1, 2, 1, 1), 7),
        _images(2, 3, 48, 48),
    ),
    "resnet, grouped bottleneck": Small(
        lambda: ResNet(Bottleneck, (1, 2, 1, 1), 7, groups=4, width_per_group=8),
        lambda: tv.ResNet(tv.Bottleneck, (1, 2, 1, 1), 7, groups=4, width_per_group=8),
        _images(2, 3, 48, 48),
    ),
    "mobilenet_v2": Small(
        lambda: models.MobileNetV2(7, 0.25, dropout=0.0),
        lambda: tv.MobileNetV2(7, 0.25, dropout=0.0),
        _images(4, 3, 64, 64),
    ),
    "vgg": Small(
        lambda: models.VGG((8, None, 16, 16, None), 7, dropout=0.0, hidden=24),
        lambda: tv.VGG("8 M 16 16 M", 7, dropout=0.0, hidden=24),
        _images(3, 3, 32, 36),
    ),
    "vgg, batch norm": Small(
        lambda: models.VGG((8, None, 16, 16, None), 7, True, 0.0, 24),
        lambda: tv.VGG("8 M 16 16 M", 7, True, 0.0, 24),
        _images(3, 3, 32, 36),
    ),
    "unet": Small(lambda: models.UNet(3, 2, width=4), lambda: tv.UNet(3, 2, width=4), _images(2, 3, 37, 48)),
    "unet, bilinear": Small(
        lambda: models.UNet(3, 2, True, 4), lambda: tv.UNet(3, 2, True, 4), _images(2, 3, 37, 48)
    ),
    "transformer_encoder": Small(
        lambda: models.transformer_encoder(24, 3, 2, 40, 0.0),
        lambda: tl.transformer_encoder(24, 3, 2, 40, 0.0),
        _images(3, 7, 24),
    ),
    "transformer_classifier": Small(
        lambda: models.TransformerClassifier(61, 5, 16, 24, 3, 2, 40, 0.0),
        lambda: tl.TransformerClassifier(61, 5, 16, 24, heads=3, layers=2, feedforward=40, dropout=0.0),
        _tokens(61, 3, 9),
    ),
    "gru_classifier": Small(
        lambda: models.GRUClassifier(61, 12, 10, 2),
        lambda: tl.GRUClassifier(61, 12, 10, 2),
        _tokens(61, 3, 9),
    ),
    "gpt2": Small(
        lambda: models.GPT2(61, 24, 24, 3, 4, dropout=0.0),
        lambda: tl.GPT2LMHeadModel(61, 24, 24, 3, 4),
        _tokens(61, 3, 11),
    ),
    "rosetta_cnn": Small(models.RosettaCNN, tv.RosettaCNN, _images(3, 3, 32, 32), training=False),
}
