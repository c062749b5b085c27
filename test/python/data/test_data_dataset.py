"""Datasets: contents, and damaged or missing files."""

from __future__ import annotations

import gzip
import os
import struct

import numpy as np
import pytest
from miai.data import (
    CIFAR10,
    CIFAR100,
    MNIST,
    ArrayDataset,
    ConcatDataset,
    Digits,
    FashionMNIST,
    ImageFolder,
    StreamDataset,
)
from miai.data.dataset import read_idx


def idx(array: np.ndarray) -> bytes:
    """The array (uint8) as an IDX file."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def test_array_dataset():
    data = ArrayDataset(np.arange(6).reshape(3, 2), ["a", "b", "c"])
    assert len(data) == 3
    assert data[2][1] == "c"
    with pytest.raises(IndexError):
        data[3]
    with pytest.raises(ValueError, match=r"one length, got lengths \[3, 2\]"):
        ArrayDataset(np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="at least one array"):
        ArrayDataset()


def test_concat_dataset():
    both = ConcatDataset([range(3), range(0), range(10, 12)])
    assert [both[i] for i in range(-5, 5)] == [0, 1, 2, 10, 11] * 2
    for index in (5, -6):
        with pytest.raises(IndexError):
            both[index]

    class Stream(StreamDataset):
        def __iter__(self):
            yield 1

    with pytest.raises(TypeError, match="StreamDataset"):
        ConcatDataset([Stream()])


def test_digits():
    train, test, everything = Digits(), Digits(train=False), Digits(train=None)
    assert (len(train), len(test), len(everything)) == (1439, 358, 1797)
    image, label = train[0]
    assert image.shape == (8, 8, 1)
    assert image.dtype == np.uint8
    assert everything.images.max() == 16
    assert set(test.labels) == set(range(10))
    assert label == 0


@pytest.mark.parametrize("shape", [(3,), (2, 4), (2, 3, 4), (0, 3), ()])
@pytest.mark.parametrize("packed", [False, True])
def test_idx_round_trip(tmp_path, shape, packed):
    array = np.arange(np.prod(shape, dtype=int), dtype=np.uint8).reshape(shape)
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    assert np.array_equal(read_idx(path), array)


def test_idx_types(tmp_path):
    path = tmp_path / "file"
    for code, dtype in ((0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")):
        values = np.array([1, -2], dtype)
        path.write_bytes(bytes([0, 0, code, 1, 0, 0, 0, 2]) + values.tobytes())
        assert np.array_equal(read_idx(path), values)
        assert read_idx(path).dtype.isnative


def test_every_damage_to_an_idx_file_is_an_error(tmp_path):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path, whole, rng = tmp_path / "file", idx(array), np.random.default_rng(0)
    packed = gzip.compress(whole)
    damaged = [whole[:n] for n in range(len(whole))] + [packed[:n] for n in range(len(packed))]
    damaged += [whole + b"x", gzip.compress(whole + b"x"), b"", b"\x1f\x8b", b"PK\3\4", packed + b"junk"]
    damaged += [bytes([0, 0, 8, 200]) + b"\xff" * 800, bytes([0, 0, 8, 3]) + b"\xff" * 12 + whole]
    for data in damaged:
        path.write_bytes(data)
        with pytest.raises(ValueError, match="read_idx: .*file"):
            read_idx(path)
    for _ in range(300):
        broken = bytearray(packed)
        broken[int(rng.integers(10, len(packed)))] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        try:
            found = read_idx(path)
        except ValueError:
            continue
        assert np.array_equal(found, array)  # the bit stands for nothing


def mnist_files(folder, images=None, labels=None):
    for part, count in (("train", 6), ("t10k", 2)):
        some = np.zeros((count, 28, 28), np.uint8) if images is None else images
        names = np.arange(count, dtype=np.uint8) if labels is None else labels
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(some))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(names)))


def test_mnist_from_a_folder(tmp_path):
    mnist_files(tmp_path)
    for kind in (MNIST, FashionMNIST):
        assert len(kind(tmp_path)) == 6
        image, label = kind(str(tmp_path), train=False)[1]
        assert image.shape == (28, 28, 1)
        assert label == 1


def test_mnist_with_wrong_contents(tmp_path):
    mnist_files(tmp_path, labels=np.zeros(3, np.uint8))
    with pytest.raises(ValueError, match=r"as many labels, got images uint8 \[6, 28, 28\], labels \[3\]"):
        MNIST(tmp_path)


def test_missing_files_are_named(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte"):
        MNIST(tmp_path)
    with pytest.raises(FileNotFoundError, match="root"):
        MNIST()
    monkeypatch.setattr(FashionMNIST, "default_root", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="apt install dataset-fashion-mnist"):
        FashionMNIST()


@pytest.mark.skipif(
    not os.path.isdir(FashionMNIST.default_root), reason="dataset-fashion-mnist is not installed"
)
def test_fashion_mnist_of_the_debian_package():
    data = FashionMNIST(train=False)
    assert len(data) == 10000
    assert data.images.shape == (10000, 28, 28, 1)
    assert np.bincount(data.labels).tolist() == [1000] * 10
    assert data.class_names[int(data[0][1])] == "Ankle boot"


@pytest.mark.parametrize(("kind", "width"), [(CIFAR10, 1), (CIFAR100, 2)])
def test_cifar(tmp_path, kind, width):
    folder = tmp_path / kind.folder
    folder.mkdir()
    records = np.zeros((4, width + 3072), np.uint8)
    records[:, width - 1] = [3, 1, 4, 1]
    records[0, width : width + 1024] = 7
    for name in kind.test_files:
        (folder / name).write_bytes(records.tobytes())
    data = kind(tmp_path, train=False)
    assert data.labels.tolist() == [3, 1, 4, 1]
    assert data[0][0].shape == (32, 32, 3)
    assert data[0][0][5, 6].tolist() == [7, 0, 0]
    with pytest.raises(FileNotFoundError, match="bin"):
        kind(tmp_path)
    for name in kind.test_files:
        (folder / name).write_bytes(records.tobytes()[:-1])
    with pytest.raises(ValueError, match="expected records of"):
        kind(tmp_path, train=False)
    records[:, width - 1] = 255
    (folder / kind.test_files[0]).write_bytes(records.tobytes())
    with pytest.raises(ValueError, match="expected labels below"):
        kind(folder, train=False)


def test_image_folder(tmp_path):
    image_module = pytest.importorskip("PIL.Image")
    for name, value in (("dog", 10), ("cat", 20)):
        (tmp_path / name / "deeper").mkdir(parents=True)
        picture = image_module.fromarray(np.full((2, 3, 3), value, np.uint8))
        picture.save(tmp_path / name / "deeper" / "a.png")
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    data = ImageFolder(tmp_path, class_name=True)
    assert data.class_names == ["cat", "dog"]
    image, label, name = data[1]
    assert (image == 10).all()
    assert image.shape == (2, 3, 3)
    assert (label, name) == (1, "dog")
    (tmp_path / "cat" / "bad.png").write_bytes(b"\x89PNG no more")
    with pytest.raises(ValueError, match=r"bad\.png: not an image"):
        ImageFolder(tmp_path)[0]


def test_image_folder_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        ImageFolder(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="no image"):
        ImageFolder(tmp_path)
