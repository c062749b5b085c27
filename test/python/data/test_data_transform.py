"""Transforms: against plain loops, by their invariants, and from a seed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from miai.data import seeded
from miai.data import transform as T

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (9, 12, 3), dtype=np.uint8)
FLOATS = RNG.random((9, 12, 3)).astype(np.float32)

RANDOM = [
    T.RandomCrop(6, 2),
    T.RandomHorizontalFlip(),
    T.RandomVerticalFlip(),
    T.RandomResizedCrop(7),
    T.RandomResize((0.5, 2.0)),
    T.ShortestEdgeResize((4, 9), 14),
    T.BrightnessTransform(0.5),
    T.ContrastTransform(0.5),
    T.SaturationTransform(0.5),
    T.HueTransform(0.3),
    T.ColorJitter(0.4, 0.4, 0.4, 0.2),
    T.GaussianNoise(0, 20),
    T.Lighting(0.3),
]


def name_of(transform):
    return type(transform).__name__


def bilinear(image, height, width):
    """Resizing by the definition, one value at a time."""
    rows, columns, channels = image.shape
    out = np.zeros((height, width, channels))
    for y in range(height):
        for x in range(width):
            sy = min(max((y + 0.5) * rows / height - 0.5, 0), rows - 1)
            sx = min(max((x + 0.5) * columns / width - 0.5, 0), columns - 1)
            top, left = math.floor(sy), math.floor(sx)
            bottom, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            fy, fx = sy - top, sx - left
            upper = image[top, left] * (1 - fx) + image[top, right] * fx
            lower = image[bottom, left] * (1 - fx) + image[bottom, right] * fx
            out[y, x] = upper * (1 - fy) + lower * fy
    return out


@pytest.mark.parametrize("size", [(9, 12), (1, 1), (4, 5), (18, 24), (20, 3), (13, 31)])
def test_resize_is_bilinear(size):
    expected = bilinear(FLOATS.astype(np.float64), *size)
    out = T.Resize(size).apply(FLOATS)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, expected, atol=1e-5)
    whole = T.Resize(size).apply(IMAGE)
    assert whole.dtype == np.uint8
    assert np.abs(whole - bilinear(IMAGE.astype(np.float64), *size)).max() <= 0.5 + 1e-3


def test_resize_keeps_a_constant_and_follows_a_ramp():
    assert (T.Resize((5, 30)).apply(np.full((7, 8, 1), 201, np.uint8)) == 201).all()
    ramp = np.arange(8.0).reshape(1, 8, 1).repeat(3, axis=0)
    doubled = T.Resize((3, 16)).apply(ramp)[0, 1:-1, 0]
    np.testing.assert_allclose(np.diff(doubled), 0.5)


def test_resize_of_the_shorter_side_and_nearest():
    assert T.Resize(18).apply(IMAGE).shape == (18, 24, 3)
    assert T.Resize(6).apply(IMAGE.transpose(1, 0, 2)).shape == (8, 6, 3)
    doubled = T.Resize((18, 24), interpolation="nearest").apply(IMAGE)
    assert (doubled == IMAGE.repeat(2, axis=0).repeat(2, axis=1)).all()
    assert (T.Resize((18, 24), interpolation=0).apply(IMAGE) == doubled).all()


def test_crops_cut_out():
    assert (T.CenterCrop((3, 4)).apply(IMAGE) == IMAGE[3:6, 4:8]).all()
    assert (T.RandomCrop((9, 12)).apply(IMAGE) == IMAGE).all()
    windows = {IMAGE[y : y + 4, x : x + 5].tobytes() for y in range(6) for x in range(8)}
    crops = {T.RandomCrop((4, 5)).apply(IMAGE).tobytes() for _ in range(40)}
    assert crops <= windows
    assert len(crops) > 5
    part = T.RandomResizedCrop((9, 12), scale_range=(1, 1), ratio_range=(4 / 3, 4 / 3)).apply(IMAGE)
    assert (part == IMAGE).all()


@pytest.mark.parametrize("transform", [T.CenterCrop(10), T.RandomCrop(13)])
def test_a_crop_larger_than_the_image_is_an_error(transform):
    with pytest.raises(
        ValueError, match=f"{name_of(transform)}: argument 'output_size': expected at most .* 9 x 12"
    ):
        transform.apply(IMAGE)


def test_pad():
    out = T.Pad((1, 2, 3, 4), value=(5, 6, 7)).apply(IMAGE)
    assert out.shape == (12, 19, 3)
    assert (out[1:10, 3:15] == IMAGE).all()
    assert (out[0] == [5, 6, 7]).all()
    assert T.Pad((2, 3)).apply(IMAGE).shape == (11, 15, 3)
    assert T.Pad(1, value=0.5).apply(IMAGE).dtype == np.float32


def test_flips():
    assert (T.RandomHorizontalFlip(1).apply(IMAGE) == IMAGE[:, ::-1]).all()
    assert (T.RandomVerticalFlip(1).apply(IMAGE) == IMAGE[::-1]).all()
    assert (T.RandomVerticalFlip(0).apply(IMAGE) == IMAGE).all()
    turned = sum((T.RandomHorizontalFlip(0.3).apply(IMAGE) != IMAGE).any() for _ in range(400))
    assert 70 < turned < 170


def test_normalize_and_mode():
    out = T.Compose([T.Normalize([1, 2, 3], [2, 4, 8]), T.ToMode()]).apply(IMAGE)
    expected = ((IMAGE.astype(np.float32) - [1, 2, 3]) / [2, 4, 8]).transpose(2, 0, 1)
    np.testing.assert_allclose(out, expected, rtol=1e-6)
    assert out.dtype == np.float32
    assert out.flags.c_contiguous
    with pytest.raises(ValueError, match="as many channels as 'mean' \\(3\\) .* got 1"):
        T.Normalize([1, 2, 3]).apply(IMAGE[..., :1])


@pytest.mark.parametrize("transform", RANDOM, ids=name_of)
def test_a_seed_decides_all(transform):
    def run(seed):
        with seeded(seed):
            return [np.array(transform.apply(IMAGE)) for _ in range(8)]

    first, again, other = run(1), run(1), run(2)
    np.testing.assert_equal(first, again)
    assert any(a.shape != b.shape or (a != b).any() for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("transform", RANDOM, ids=name_of)
@pytest.mark.parametrize(
    "image", [IMAGE, FLOATS, FLOATS.astype(np.float64)], ids=lambda image: str(image.dtype)
)
def test_input_stays_and_dtype_is_kept(transform, image):
    before = image.copy()
    out = transform.apply(image)
    assert (image == before).all()
    assert out.dtype == image.dtype


@pytest.mark.parametrize("transform", RANDOM, ids=name_of)
def test_one_channel_works(transform):
    if name_of(transform) != "Lighting":
        assert transform.apply(IMAGE[..., :1]).shape[2] == 1


def test_values_are_held_in_range():
    bright = T.BrightnessTransform(0)
    bright.value, bright._factor = 1, np.float32(2)
    assert (bright._apply_image(np.full((1, 1, 3), 200, np.uint8)) == 255).all()


def test_brightness_contrast_saturation_by_their_formulas():
    gray = IMAGE @ np.array([0.299, 0.587, 0.114])
    for kind, other in (
        (T.BrightnessTransform, 0),
        (T.ContrastTransform, gray.mean()),
        (T.SaturationTransform, gray[..., None]),
    ):
        transform = kind(0.5)
        out = transform.apply(IMAGE.astype(np.float64))
        factor = float(transform._factor)
        np.testing.assert_allclose(out, IMAGE * factor + other * (1 - factor), atol=1e-3)


def test_hue_keeps_luminance():
    out = T.HueTransform(0.5).apply(FLOATS)
    weights = np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(out @ weights, FLOATS @ weights, atol=1e-3)


ORDER = ("image", "mask", "boxes", "coords", "keypoints", "polygons", "image_category", "info")


@pytest.mark.parametrize(
    "transform",
    [
        T.RandomHorizontalFlip(1),
        T.RandomVerticalFlip(1),
        T.CenterCrop(8),
        T.Pad(3),
        T.Resize((18, 24)),
        T.RandomCrop((9, 12), 2),  # moves the block by at most 2: it is never cut
        T.RandomResizedCrop((16, 16), (0.9, 1.0), (1.0, 1.0)),
        T.Normalize(0, 1),
    ],
    ids=name_of,
)
def test_coordinates_follow_the_image(transform):
    """A bright block is where its box says, before and after."""
    image = np.zeros((9, 12, 1), np.float32)
    image[4:6, 5:8] = 100
    box = np.array([[5.0, 4.0, 8.0, 6.0]])
    corners = np.array([[5.0, 4.0], [8.0, 6.0]])
    points = np.array([[[5.0, 4.0, 2.0], [8.0, 6.0, 1.0]]])
    sample = (image, image.copy(), box, corners, points, [[corners]], 3, {"path": "x"}, "more")
    compose = T.Compose([transform], order=ORDER)
    moved, mask, boxes, coords, keypoints, polygons, category, info, more = compose.apply(sample)
    rows, columns = np.nonzero(mask[..., 0] > 50)
    found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(boxes[0], found, atol=1.0)
    assert moved.shape == mask.shape
    assert sorted(coords[:, 0]) == sorted(boxes[0, [0, 2]])
    np.testing.assert_allclose(keypoints[0, :, :2], coords)
    assert keypoints[0, :, 2].tolist() == [2, 1]
    np.testing.assert_allclose(polygons[0][0], coords)
    assert (category, info, more) == (3, {"path": "x"}, "more")
    assert box.tolist() == [[5.0, 4.0, 8.0, 6.0]]


def test_compose_by_batch_and_shuffled():
    images = [IMAGE, IMAGE[::-1]]
    steps = [T.Normalize(10), T.ToMode()]
    one, other = (
        T.Compose(steps).apply_batch(images),
        T.Compose(steps, batch_compose=True).apply_batch(images),
    )
    np.testing.assert_equal(one, other)

    class Append(T.Transform):
        def __init__(self, letter):
            self.letter = letter

        def apply(self, input):
            return input + self.letter

    shuffled = T.Compose([Append(letter) for letter in "abcd"], shuffle_indices=[(1, 3), (2, 4)])
    seen = {shuffled.apply("") for _ in range(100)}
    assert seen == {"abcd", "cbad", "adcb", "cdab"}


def test_torchvision_style_transforms_see_a_picture():
    image_module = pytest.importorskip("PIL.Image")
    seen = []
    flip = image_module.Transpose.FLIP_LEFT_RIGHT

    def turn(picture):
        seen.append(picture.mode)
        return picture.transpose(flip)

    out = T.TorchTransformCompose([turn]).apply(IMAGE)
    assert (out == IMAGE[:, ::-1]).all()
    assert T.TorchTransformCompose([turn]).apply(IMAGE[..., :1]).shape == (9, 12, 1)
    assert seen == ["RGB", "L"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: T.Resize(0), "Resize: argument 'output_size'"),
        (lambda: T.Resize((1, 2, 3)), "Resize: argument 'output_size'"),
        (
            lambda: T.Resize(3, interpolation="cubic"),
            "'interpolation': expected 'linear' or 'nearest', got 'cubic'",
        ),
        (lambda: T.Pad((1, 2, 3)), "Pad: argument 'size'"),
        (lambda: T.Pad(-1), "Pad: argument 'size'"),
        (lambda: T.Normalize(std=0), "Normalize: argument 'std'"),
        (lambda: T.Normalize(mean=float("nan")), "Normalize: argument 'mean'"),
        (lambda: T.RandomHorizontalFlip(1.5), "RandomHorizontalFlip: argument 'prob'"),
        (lambda: T.RandomResizedCrop(3, scale_range=(0, 1)), "'scale_range'"),
        (lambda: T.ToMode("HWC"), "ToMode: argument 'mode'"),
        (lambda: T.ToMode(order="image"), "'order': expected a sequence of names"),
        (lambda: T.ToMode(order=("picture",)), "'order': unknown kind of data 'picture'"),
        (lambda: T.BrightnessTransform(-1), "BrightnessTransform: argument 'value'"),
        (lambda: T.HueTransform(0.6), "HueTransform: argument 'value'"),
        (lambda: T.Compose([], batch_compose=True, shuffle_indices=[(1, 2)]), "'shuffle_indices'"),
        (lambda: T.ToMode().apply(np.zeros((2, 2))), r"expected an image \(H, W, C\), got shape \[2, 2\]"),
        (lambda: T.ToMode().apply("x"), "got str"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
