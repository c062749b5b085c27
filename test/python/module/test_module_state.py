"""state_dict and load_state_dict, with PyTorch's names and shapes."""

from __future__ import annotations

import miai as mi
import miai.module as M
import numpy as np
import pytest


def _net() -> M.Module:
    return M.Sequential(
        M.Conv2d(3, 4, 3, bias=False), M.BatchNorm2d(4), M.ReLU(), M.Flatten(), M.Linear(4, 2), M.LayerNorm(2)
    )


def _torch_net():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4, 2),
        nn.LayerNorm(2),
    )


def test_names_shapes_and_dtypes_are_torchs():
    theirs = {
        k: (tuple(v.shape), str(v.dtype).removeprefix("torch.")) for k, v in _torch_net().state_dict().items()
    }
    mine = {k: (v.shape, v.dtype.name) for k, v in _net().state_dict().items()}
    assert mine == theirs and list(mine) == list(theirs)


@pytest.mark.parametrize("kind", ["torch", "parameters", "numpy", "tensors"])
def test_loads_what_torch_has(kind):
    torch = pytest.importorskip("torch")
    net, theirs = _net(), _torch_net()
    theirs(torch.rand(5, 3, 3, 3))
    state = theirs.state_dict()
    if kind == "parameters":
        state.update(theirs.named_parameters())
    elif kind == "numpy":
        state = {k: v.numpy() for k, v in state.items()}
    elif kind == "tensors":
        state = {k: mi.tensor(v.numpy()) for k, v in state.items()}
    result = net.load_state_dict(state)
    assert result == ([], []) and result.missing_keys == []
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, theirs.state_dict()[name].numpy())
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype("float32")
    expected = theirs.eval()(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(net.eval()(mi.tensor(x)).numpy(), expected, rtol=1e-4, atol=1e-5)


def test_torch_loads_what_we_have():
    torch = pytest.importorskip("torch")
    net, theirs = _net(), _torch_net()
    theirs.load_state_dict({k: torch.tensor(v) for k, v in net.state_dict().items()})
    np.testing.assert_array_equal(theirs[0].weight.detach().numpy(), net[0].weight.numpy())


def test_bfloat16_of_torch():
    torch = pytest.importorskip("torch")
    layer = M.Linear(2, 2)
    layer.load_state_dict({k: v.to(torch.bfloat16) for k, v in torch.nn.Linear(2, 2).state_dict().items()})
    assert str(layer.weight.dtype) == "float32"


def test_keeps_dtype_object_and_other_names():
    layer = M.Linear(2, 2)
    weight, alias = layer.weight, [layer.weight]
    layer.load_state_dict({"weight": np.eye(2), "bias": np.zeros(2, "int64")})
    assert layer.weight is weight and str(weight.dtype) == "float32"
    assert alias[0].tolist() == [[1, 0], [0, 1]]


def test_a_state_is_of_its_moment_and_read_only():
    layer = M.Linear(2, 2)
    state = layer.state_dict()
    before = state["weight"].copy()
    layer.weight += 1
    np.testing.assert_array_equal(state["weight"], before)
    with pytest.raises(ValueError, match="read-only"):
        state["weight"][0] = 0


def test_keep_var_prefix_and_rst():
    layer, state = M.Linear(2, 2), {"x": 1}
    assert layer.state_dict(state, prefix="fc.", keep_var=True) is state
    assert list(state) == ["x", "fc.weight", "fc.bias"] and state["fc.bias"] is layer.bias


def test_errors_list_everything_and_nothing_is_written():
    net = _net()
    before = {k: v.copy() for k, v in net.state_dict().items()}
    state = {k: v + 1 for k, v in before.items()}
    del state["1.running_mean"]
    state["4.weight"] = np.ones((2, 5), "float32")
    state["5.weight"] = np.array(["a", "b"])
    state["1.num_batches_tracked"] = np.float32(1)
    state["extra"] = np.ones(1)
    with pytest.raises(ValueError) as caught:
        net.load_state_dict(state)
    text = str(caught.value)
    assert "the state does not fit Sequential" in text
    assert "4.weight (expected shape [2, 4], got [2, 5])" in text
    assert "5.weight (expected numbers, got dtype <U1)" in text
    assert "1.num_batches_tracked (expected dtype int64, got float32)" in text
    assert "missing: 1.running_mean" in text and "unexpected: extra" in text
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_not_strict():
    layer = M.Linear(2, 2)
    bias = layer.bias.numpy(copy=True)
    result = layer.load_state_dict({"weight": np.ones((2, 2)), "other": np.ones(1)}, strict=False)
    assert result == (["bias"], ["other"])
    assert layer.weight.tolist() == [[1, 1], [1, 1]] and layer.bias.tolist() == bias.tolist()
    with pytest.raises(ValueError, match="expected shape"):
        layer.load_state_dict({"weight": np.ones(3)}, strict=False)
    with pytest.raises(
        TypeError, match="load_state_dict: argument 'state_dict': expected a dict or a function"
    ):
        layer.load_state_dict([1])
    with pytest.raises(ValueError, match="strict=False loads what there is"):
        layer.load_state_dict({})


def test_strict_by_name():
    layer = M.Linear(2, 2)
    state = {"weight": np.ones((2, 2)), "head.weight": np.ones(1)}
    result = layer.load_state_dict(state, strict=lambda name: not name.startswith(("head.", "bias")))
    assert result == (["bias"], ["head.weight"]) and layer.weight.tolist() == [[1, 1], [1, 1]]
    with pytest.raises(ValueError) as caught:
        layer.load_state_dict(state, strict=lambda name: name == "bias")
    assert "missing: bias" in str(caught.value) and "head" not in str(caught.value)


def test_a_function_gives_the_values():
    layer = M.Linear(2, 2)
    flat = {"weight": np.arange(4.0), "bias": np.zeros((1, 2))}  # MegEngine's shapes, say
    assert layer.load_state_dict(lambda name, tensor: flat[name].reshape(tensor.shape)) == ([], [])
    assert layer.weight.tolist() == [[0, 1], [2, 3]]
    with pytest.raises(ValueError, match="missing: bias"):
        layer.load_state_dict(lambda name, tensor: None if name == "bias" else tensor)
    result = layer.load_state_dict(lambda name, tensor: None, strict=False)
    assert result.missing_keys == ["weight", "bias"]
