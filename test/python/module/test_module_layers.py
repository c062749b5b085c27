"""Layers against PyTorch's with the same parameters, forward and gradients."""

from __future__ import annotations

import miai as mi
import miai.module as M
import numpy as np
import pytest

torch = pytest.importorskip("torch")
nn = torch.nn

_LAYERS = {
    "linear": (lambda: M.Linear(4, 3), lambda: nn.Linear(4, 3), (2, 5, 4)),
    "linear, no bias": (lambda: M.Linear(4, 3, bias=False), lambda: nn.Linear(4, 3, bias=False), (2, 4)),
    "conv2d": (lambda: M.Conv2d(4, 6, 3), lambda: nn.Conv2d(4, 6, 3), (2, 4, 7, 6)),
    "conv2d, all": (
        lambda: M.Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (1, 2), groups=2, bias=False),
        lambda: nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (1, 2), groups=2, bias=False),
        (2, 4, 7, 6),
    ),
    "conv1d": (lambda: M.Conv1d(4, 6, 3, 2, 1), lambda: nn.Conv1d(4, 6, 3, 2, 1), (2, 4, 9)),
    "conv2d, reflect": (
        lambda: M.Conv2d(4, 6, 3, padding=(2, 1), padding_mode="reflect"),
        lambda: nn.Conv2d(4, 6, 3, padding=(2, 1), padding_mode="reflect"),
        (2, 4, 7, 6),
    ),
    "conv2d, replicate": (
        lambda: M.Conv2d(4, 6, 3, 2, (0, 3), padding_mode="replicate"),
        lambda: nn.Conv2d(4, 6, 3, 2, (0, 3), padding_mode="replicate"),
        (2, 4, 7, 6),
    ),
    "conv2d, circular": (
        lambda: M.Conv2d(4, 6, 3, padding=2, padding_mode="circular", groups=2),
        lambda: nn.Conv2d(4, 6, 3, padding=2, padding_mode="circular", groups=2),
        (2, 4, 7, 6),
    ),
    "conv2d, same": (
        lambda: M.Conv2d(4, 6, (3, 2), padding="same", dilation=(2, 1)),
        lambda: nn.Conv2d(4, 6, (3, 2), padding="same", dilation=(2, 1)),
        (2, 4, 7, 6),
    ),
    "conv2d, same, reflect": (
        lambda: M.Conv2d(4, 6, 4, padding="same", padding_mode="reflect"),
        lambda: nn.Conv2d(4, 6, 4, padding="same", padding_mode="reflect"),
        (2, 4, 7, 6),
    ),
    "conv2d, valid": (
        lambda: M.Conv2d(4, 6, 3, 2, padding="valid"),
        lambda: nn.Conv2d(4, 6, 3, 2, padding="valid"),
        (2, 4, 7, 6),
    ),
    "conv1d, same": (
        lambda: M.Conv1d(4, 6, 4, padding="same"),
        lambda: nn.Conv1d(4, 6, 4, padding="same"),
        (2, 4, 9),
    ),
    "conv1d, circular": (
        lambda: M.Conv1d(4, 6, 4, padding=3, padding_mode="circular"),
        lambda: nn.Conv1d(4, 6, 4, padding=3, padding_mode="circular"),
        (2, 4, 9),
    ),
    "conv_transpose2d": (
        lambda: M.ConvTranspose2d(4, 6, 2, 2),
        lambda: nn.ConvTranspose2d(4, 6, 2, 2),
        (2, 4, 3, 5),
    ),
    "conv_transpose2d, all": (
        lambda: M.ConvTranspose2d(4, 6, (3, 2), (2, 1), (1, 0), (1, 0), (1, 2), groups=2, bias=False),
        lambda: nn.ConvTranspose2d(
            4, 6, (3, 2), (2, 1), (1, 0), (1, 0), groups=2, bias=False, dilation=(1, 2)
        ),
        (2, 4, 3, 5),
    ),
    "batch_norm1d": (lambda: M.BatchNorm1d(4), lambda: nn.BatchNorm1d(4), (5, 4)),
    "batch_norm1d, 3": (lambda: M.BatchNorm1d(4), lambda: nn.BatchNorm1d(4), (5, 4, 3)),
    "batch_norm2d": (
        lambda: M.BatchNorm2d(4, momentum=0.7),
        lambda: nn.BatchNorm2d(4, momentum=0.3),
        (3, 4, 5, 2),
    ),
    "batch_norm2d, plain": (
        lambda: M.BatchNorm2d(4, affine=False, track_running_stats=False),
        lambda: nn.BatchNorm2d(4, affine=False, track_running_stats=False),
        (3, 4, 5, 2),
    ),
    "layer_norm": (lambda: M.LayerNorm(4), lambda: nn.LayerNorm(4), (2, 3, 4)),
    "layer_norm, 2": (lambda: M.LayerNorm((3, 4), 1e-3), lambda: nn.LayerNorm((3, 4), 1e-3), (2, 3, 4)),
    "layer_norm, plain": (
        lambda: M.LayerNorm(4, affine=False),
        lambda: nn.LayerNorm(4, elementwise_affine=False),
        (2, 4),
    ),
    "layer_norm, no bias": (
        lambda: M.LayerNorm(4, bias=False),
        lambda: nn.LayerNorm(4, bias=False),
        (2, 3, 4),
    ),
    "rms_norm": (lambda: M.RMSNorm(4), lambda: nn.RMSNorm(4), (2, 3, 4)),
    "rms_norm, plain": (
        lambda: M.RMSNorm((3, 4), 1e-3, affine=False),
        lambda: nn.RMSNorm((3, 4), 1e-3, elementwise_affine=False),
        (2, 3, 4),
    ),
    "group_norm": (lambda: M.GroupNorm(2, 4), lambda: nn.GroupNorm(2, 4), (3, 4, 5, 2)),
    "group_norm, plain": (
        lambda: M.GroupNorm(4, 4, 1e-3, affine=False),
        lambda: nn.GroupNorm(4, 4, 1e-3, affine=False),
        (3, 4, 5),
    ),
    "instance_norm": (lambda: M.InstanceNorm(4), lambda: nn.InstanceNorm2d(4, affine=True), (3, 4, 5, 2)),
    "instance_norm, plain": (
        lambda: M.InstanceNorm(4, affine=False),
        lambda: nn.InstanceNorm1d(4),
        (3, 4, 5),
    ),
    "depthwise conv2d": (
        lambda: M.Conv2d(4, 8, 3, padding=1, groups=4),
        lambda: nn.Conv2d(4, 8, 3, padding=1, groups=4),
        (2, 4, 7, 6),
    ),
    "upsample": (lambda: M.Upsample(scale_factor=2), lambda: nn.Upsample(scale_factor=2), (2, 3, 4, 5)),
    "upsample, linear": (
        lambda: M.Upsample(9, mode="linear"),
        lambda: nn.Upsample(9, mode="linear"),
        (2, 3, 5),
    ),
    "upsample, bilinear": (
        lambda: M.Upsample((7, 11), mode="bilinear"),
        lambda: nn.Upsample((7, 11), mode="bilinear"),
        (2, 3, 4, 5),
    ),
    "upsample, align_corners": (
        lambda: M.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        (2, 3, 4, 5),
    ),
    "upsample, odd factors": (
        lambda: M.Upsample(scale_factor=(1.7, 0.6), mode="bilinear"),
        lambda: nn.Upsample(scale_factor=(1.7, 0.6), mode="bilinear"),
        (2, 3, 4, 5),
    ),
    "upsample, nearest, odd factors": (
        lambda: M.Upsample(scale_factor=(1.7, 0.6)),
        lambda: nn.Upsample(scale_factor=(1.7, 0.6)),
        (2, 3, 4, 5),
    ),
    "max_pool": (lambda: M.MaxPool2d(3, 2, 1), lambda: nn.MaxPool2d(3, 2, 1), (2, 3, 7, 6)),
    "max_pool, default": (lambda: M.MaxPool2d(2), lambda: nn.MaxPool2d(2), (2, 3, 6, 6)),
    "avg_pool": (
        lambda: M.AvgPool2d(3, 2, 1),
        lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        (2, 3, 7, 7),
    ),
    "avg_pool, padding counts": (
        lambda: M.AvgPool2d((3, 2), mode="average"),
        lambda: nn.AvgPool2d((3, 2)),
        (2, 3, 6, 6),
    ),
    "adaptive_avg": (lambda: M.AdaptiveAvgPool2d((2, 3)), lambda: nn.AdaptiveAvgPool2d((2, 3)), (2, 3, 7, 7)),
    "adaptive_max": (lambda: M.AdaptiveMaxPool2d(2), lambda: nn.AdaptiveMaxPool2d(2), (2, 3, 7, 7)),
    "relu": (M.ReLU, nn.ReLU, (3, 4)),
    "relu6": (M.ReLU6, nn.ReLU6, (3, 4)),
    "elu": (lambda: M.ELU(0.3), lambda: nn.ELU(0.3), (3, 4)),
    "leaky_relu": (lambda: M.LeakyReLU(0.2), lambda: nn.LeakyReLU(0.2), (3, 4)),
    "sigmoid": (M.Sigmoid, nn.Sigmoid, (3, 4)),
    "tanh": (M.Tanh, nn.Tanh, (3, 4)),
    "gelu": (M.GELU, nn.GELU, (3, 4)),
    "silu": (M.SiLU, nn.SiLU, (3, 4)),
    "softplus": (M.Softplus, nn.Softplus, (3, 4)),
    "softmax": (lambda: M.Softmax(-1), lambda: nn.Softmax(-1), (3, 4)),
    "softmax, default": (M.Softmax, lambda: nn.Softmax(1), (3, 4)),
    "flatten": (M.Flatten, nn.Flatten, (2, 3, 4)),
    "identity": (M.Identity, nn.Identity, (2, 3)),
}


def _pair(name):
    make, make_torch, shape = _LAYERS[name]
    mine, theirs = make().astype("float64"), make_torch().double()
    rng = np.random.default_rng(3)
    state = {
        k: rng.uniform(0.5, 1.5, v.shape) if v.dtype.is_floating_point else v.numpy()
        for k, v in theirs.state_dict().items()
    }
    mine.load_state_dict(state)
    theirs.load_state_dict({k: torch.tensor(v) for k, v in state.items()})
    return mine, theirs, rng.normal(size=shape) * 3


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", _LAYERS)
def test_as_in_torch(name, training):
    mine, theirs, data = _pair(name)
    mine.train(training)
    theirs.train(training)
    x, tx = mi.Parameter(data, dtype="float64"), torch.tensor(data, requires_grad=True)
    with mi.GradManager().attach([x, *mine.parameters()]) as gm:
        y = mine(x)
        ty = theirs(tx)
        np.testing.assert_allclose(y.numpy(), ty.detach().numpy(), rtol=1e-9, atol=1e-12)
        weights = np.random.default_rng(4).normal(size=y.shape)
        gm.backward((y * mi.tensor(weights, dtype="float64")).sum())
    (ty * torch.tensor(weights)).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), tx.grad.numpy(), rtol=1e-7, atol=1e-9)
    gradients = {k: p.grad for k, p in mine.named_parameters()}
    for key, p in theirs.named_parameters():
        np.testing.assert_allclose(gradients[key].numpy(), p.grad.numpy(), rtol=1e-7, atol=1e-9)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(mine.state_dict()[key], value.numpy(), rtol=1e-9)


@pytest.mark.parametrize("name", [n for n in _LAYERS if "softmax" not in n])
def test_repr_names_the_class(name):
    mine, _, _ = _pair(name)
    assert repr(mine).startswith(type(mine).__name__ + "(") and repr(mine).endswith(")")


def test_frozen_batch_norm_keeps_its_statistics():
    bn = M.BatchNorm2d(2, freeze=True)
    bn(mi.functional.ones((2, 2, 3, 3)))
    assert bn.running_mean.tolist() == [0, 0] and bn.num_batches_tracked.item() == 0
    bn = M.BatchNorm2d(2)
    bn(mi.functional.ones((2, 2, 3, 3)))
    assert bn.num_batches_tracked.item() == 1


def test_embedding():
    table = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    layer = M.Embedding(5, 3, padding_idx=-2, initial_weight=table)
    theirs = nn.Embedding(5, 3, padding_idx=-2, _weight=torch.tensor(table))
    index = np.array([[0, 3], [4, 3]])
    with mi.GradManager().attach(layer.parameters()) as gm:
        y = layer(mi.tensor(index))
        np.testing.assert_array_equal(y.numpy(), theirs(torch.tensor(index)).detach().numpy())
        gm.backward((y * y).sum())
    (theirs(torch.tensor(index)) ** 2).sum().backward()
    np.testing.assert_allclose(layer.weight.grad.numpy(), theirs.weight.grad.numpy(), rtol=1e-6)
    assert repr(layer) == "Embedding(5, 3, padding_idx=3)"


@pytest.mark.parametrize("norm_type", [None, 1.0, float("inf")])
def test_embedding_shortens_the_rows_it_looks_up(norm_type):
    table = np.random.default_rng(0).normal(size=(6, 3))
    options = {"padding_idx": 4, "max_norm": 1.0}
    layer = M.Embedding(6, 3, norm_type=norm_type, initial_weight=table, **options).astype("float64")
    layer.load_state_dict({"weight": table})
    theirs = nn.Embedding(6, 3, norm_type=norm_type or 2.0, _weight=torch.tensor(table), **options)
    index = np.array([[0, 3], [4, 3]])
    with mi.GradManager().attach(layer.parameters()) as gm:
        y = layer(mi.tensor(index))
        gm.backward((y * y).sum())
    expected = theirs(torch.tensor(index))
    (expected**2).sum().backward()
    np.testing.assert_allclose(y.numpy(), expected.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(layer.weight.numpy(), theirs.weight.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(layer.weight.grad.numpy(), theirs.weight.grad.numpy(), rtol=1e-12)
    assert layer.weight.tolist()[1] == table[1].tolist()  # a row that nobody named


def test_embedding_shortens_its_rows_in_a_trace():
    table = np.full((3, 2), 3.0, "float32")
    layer = M.Embedding(3, 2, max_norm=1.0, initial_weight=table)
    step = mi.trace(lambda index: layer(index))
    for row in (0, 1):
        step(mi.tensor([row]))
    lengths = np.linalg.norm(layer.weight.numpy(), axis=1)
    np.testing.assert_allclose(lengths, [1, 1, 18**0.5], rtol=1e-5)
    assert repr(layer) == "Embedding(3, 2, max_norm=1.0)"


def test_embedding_frozen_and_from_pretrained():
    layer = M.Embedding.from_pretrained(np.eye(3))
    with mi.GradManager().attach(layer.parameters()) as gm:
        gm.backward(layer(mi.tensor([1, 1])).sum())
    assert layer.weight.grad is None or layer.weight.grad.sum().item() == 0
    fresh = M.Embedding(4, 2, padding_idx=1)
    assert fresh.weight.tolist()[1] == [0, 0] and fresh.weight.tolist()[0] != [0, 0]


def test_dropout():
    mi.random.seed(0)
    layer = M.Dropout(0.25)
    x = mi.functional.ones((10000,))
    y = layer(x).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((y == 0).mean() - 0.25) < 0.02
    assert layer.eval()(x) is x


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: M.Linear(0, 1), ValueError, "Linear: argument 'in_features': expected at least 1, got 0"),
        (lambda: M.Linear(1, 2.0), TypeError, "Linear: argument 'out_features': expected an int, got float"),
        (lambda: M.Conv2d(3, 4, 3, groups=2), ValueError, "Conv2d: argument 'groups': expected a divisor"),
        (
            lambda: M.Conv2d(3, 4, (3, 3, 3)),
            ValueError,
            "Conv2d: argument 'kernel_size': expected an int or 2 ints",
        ),
        (
            lambda: M.Conv2d(3, 4, 3, padding_mode="mirror"),
            ValueError,
            "Conv2d: argument 'padding_mode': expected one of 'zeros', 'reflect', 'replicate', 'circular'",
        ),
        (
            lambda: M.Conv2d(3, 4, 3, padding="full"),
            ValueError,
            "Conv2d: argument 'padding': expected one of",
        ),
        (
            lambda: M.Conv2d(3, 4, 3, 2, padding="same"),
            ValueError,
            "Conv2d: argument 'padding': 'same' needs stride 1",
        ),
        (
            lambda: M.Conv2d(1, 1, 3, padding=2, padding_mode="reflect")(mi.functional.ones((1, 1, 2, 5))),
            ValueError,
            "pad: argument 'pad_width': expected less than the size of axis 2",
        ),
        (lambda: M.Conv2d(3, 4, 3, conv_mode="convolution"), ValueError, "Conv2d: argument 'conv_mode'"),
        (
            lambda: M.ConvTranspose2d(3, 4, 3, output_padding=(1, 1, 1)),
            ValueError,
            "ConvTranspose2d: argument 'output_padding': expected an int or 2 ints",
        ),
        (
            lambda: M.ConvTranspose2d(3, 4, 3, output_padding=1)(mi.functional.ones((1, 3, 2, 2))),
            ValueError,
            "conv_transpose2d: argument 'output_padding': expected less than the stride",
        ),
        (lambda: M.BatchNorm2d(3, momentum=1.5), ValueError, "BatchNorm2d: argument 'momentum'"),
        (lambda: M.LayerNorm(()), ValueError, "LayerNorm: argument 'normalized_shape'"),
        (lambda: M.RMSNorm(0), ValueError, "RMSNorm: argument 'normalized_shape'"),
        (lambda: M.GroupNorm(3, 4), ValueError, "GroupNorm: argument 'num_groups': expected a divisor"),
        (lambda: M.InstanceNorm(0), ValueError, "InstanceNorm: argument 'num_channels'"),
        (lambda: M.Upsample(), ValueError, "Upsample: expected either 'size' or 'scale_factor'"),
        (
            lambda: mi.functional.interpolate(mi.functional.ones((1, 1, 2, 2)), scale_factor=-1),
            ValueError,
            "interpolate: argument 'scale_factor': expected a number above 0",
        ),
        (
            lambda: mi.functional.interpolate(mi.functional.ones((1, 1, 2, 2)), (2, 2, 2)),
            ValueError,
            "interpolate: argument 'size': expected a number or 2 numbers",
        ),
        (lambda: M.Dropout(1.5), ValueError, "Dropout: argument 'drop_prob'"),
        (lambda: M.Embedding(3, 2, padding_idx=3), ValueError, "Embedding: argument 'padding_idx'"),
        (
            lambda: M.Embedding(3, 2, initial_weight=np.ones((2, 2))),
            ValueError,
            "Embedding: argument 'initial_weight'",
        ),
        (lambda: M.Embedding(3, 2, max_norm=0.0), ValueError, "Embedding: argument 'max_norm'"),
        (
            lambda: mi.functional.embedding(mi.tensor([0]), mi.functional.ones((1, 1)), norm_type=1.0),
            ValueError,
            "embedding: argument 'norm_type': needs max_norm",
        ),
        (
            lambda: M.BatchNorm2d(3)(mi.functional.ones((2, 3))),
            ValueError,
            "BatchNorm2d: argument 'inp': expected rank 4",
        ),
        (
            lambda: M.BatchNorm1d(3)(mi.functional.ones(3)),
            ValueError,
            "BatchNorm1d: argument 'inp': expected rank 2 or 3",
        ),
        (
            lambda: M.Conv1d(3, 4, 3)(mi.functional.ones((2, 3))),
            ValueError,
            "conv1d: argument 'inp': expected rank 3",
        ),
        (lambda: M.Linear(3, 4)(mi.functional.ones((2, 5))), ValueError, "linear"),
        (lambda: M.Conv2d(3, 4, 3)(mi.functional.ones((2, 5, 8, 8))), ValueError, "conv2d"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_norms_and_upsampling_of_dynamic_images():
    norm, up = M.GroupNorm(2, 4), M.Upsample(scale_factor=2, mode="bilinear")

    @mi.trace(dynamic={"x": [0, 2, 3]})
    def run(x):
        y = up(norm(x))
        return y, mi.grad(lambda x: (up(norm(x)) ** 2).sum())(x)

    for shape in ((2, 4, 3, 5), (3, 4, 6, 4), (5, 4, 7, 3)):
        x = mi.tensor(np.random.default_rng(1).normal(size=shape).astype("float32"))
        y, gradient = run(x)
        np.testing.assert_allclose(y.numpy(), up(norm(x)).numpy(), rtol=1e-4, atol=1e-5)
        eager = mi.grad(lambda x: (up(norm(x)) ** 2).sum())(x)
        np.testing.assert_allclose(gradient.numpy(), eager.numpy(), rtol=1e-3, atol=1e-4)
    assert run.program_count == 1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_norms_of_16_bit_networks_keep_float32(dtype):
    norms = [
        M.BatchNorm2d(4),
        M.LayerNorm(5),
        M.RMSNorm(5),
        M.GroupNorm(2, 4),
        M.InstanceNorm(4, affine=True),
    ]
    layers = [layer for norm in norms for layer in (M.Conv2d(4, 4, 3, padding=1), norm)]
    net = M.Sequential(*layers)
    x = mi.tensor(np.random.default_rng(0).normal(size=(2, 4, 6, 5)).astype("float32"))
    expected = net(x).numpy()
    net.astype(dtype)
    assert {layer.weight.dtype for layer in norms} == {np.dtype("float32")}
    assert {layer.weight.dtype for layer in layers[::2]} == {mi.tensor([1.0]).astype(dtype).dtype}
    y = net(x.astype(dtype))
    assert y.dtype == layers[0].weight.dtype
    np.testing.assert_allclose(y.astype("float32").numpy(), expected, atol=0.3)  # of about 3
    assert {t.dtype for t in net.astype("float64").parameters()} == {np.dtype("float64")}
