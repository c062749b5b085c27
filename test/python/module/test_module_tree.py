"""What a module finds inside of itself, and in which order."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import miai as mi
import miai.module as M
import numpy as np
import pytest


class Block(M.Module):
    def __init__(self):
        super().__init__()
        self.conv = M.Conv2d(1, 2, 3)
        self.scale = mi.Parameter([1.0])
        self.offset = mi.tensor([0.0])
        self.number = 3

    def forward(self, x):
        return self.conv(x) * self.scale + self.offset


class Net(M.Module):
    def __init__(self):
        super().__init__()
        self.blocks = [Block(), Block()]
        self.heads = {"a": M.Linear(2, 1), "b": (M.ReLU(), mi.Parameter([2.0]))}
        self.tied = self.blocks[0].conv

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


def test_names_are_torchs():
    assert [name for name, _ in Net().named_parameters()] == [
        "heads.b.1",
        "blocks.0.scale",
        "blocks.0.conv.weight",
        "blocks.0.conv.bias",
        "blocks.1.scale",
        "blocks.1.conv.weight",
        "blocks.1.conv.bias",
        "heads.a.weight",
        "heads.a.bias",
    ]


def test_buffers_are_plain_tensors():
    net = Net()
    assert [name for name, _ in net.named_buffers()] == ["blocks.0.offset", "blocks.1.offset"]
    assert len(list(net.tensors())) == len(list(net.parameters())) + len(list(net.buffers()))
    assert [name for name, _ in Block().named_tensors()] == ["scale", "offset", "conv.weight", "conv.bias"]
    assert [name for name, _ in Block().named_parameters(recursive=False)] == ["scale"]


def test_modules():
    net = Net()
    names = ["", "blocks.0", "blocks.0.conv", "blocks.1", "blocks.1.conv", "heads.a", "heads.b.0"]
    assert [name for name, _ in net.named_modules()] == names
    assert [name for name, _ in net.named_children()] == [
        "blocks.0",
        "blocks.1",
        "heads.a",
        "heads.b.0",
        "tied",
    ]
    assert next(iter(net.modules())) is net
    assert [name for name, _ in Block().named_modules("x")] == ["x", "x.conv"]


def test_shared_tensors_once_in_parameters_and_under_each_name_in_the_state():
    net = Net()
    assert len({id(p) for p in net.parameters()}) == len(list(net.parameters()))
    state = net.state_dict()
    np.testing.assert_array_equal(state["tied.weight"], state["blocks.0.conv.weight"])


def test_a_module_that_holds_itself():
    block = Block()
    block.me = [block]
    assert len(list(block.parameters())) == 3
    assert "me.0.scale" not in block.state_dict()


def test_without_super_init():
    class Bare(M.Module):
        def __init__(self):
            self.layer = M.Linear(1, 1)

        def forward(self, x):
            return self.layer(x)

    bare = Bare().eval()
    assert not bare.layer.training and bare(mi.tensor([[1.0]])).shape == (1, 1)


def test_train_eval_apply():
    net = Net()
    assert net.training and net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train(recursive=False)
    assert net.training and not net.blocks[0].training
    seen = []
    assert net.train().apply(seen.append) is net
    assert seen[-1] is net and len(seen) == 7 and net.blocks[1].conv.training


def test_forward_must_be_defined():
    with pytest.raises(NotImplementedError, match="Module defines no forward"):
        M.Module()(1)


def test_hooks():
    layer = M.Linear(2, 1)
    x = mi.functional.ones((1, 2))
    plain = layer(x).numpy()
    calls = []
    pre = layer.register_forward_pre_hook(lambda m, inputs: (inputs[0] * 0,))
    post = layer.register_forward_hook(lambda m, inputs, outputs: calls.append((m, inputs[0], outputs)))
    np.testing.assert_allclose(layer(x).numpy(), layer.bias.numpy().reshape(1, 1))
    assert calls[0][0] is layer and calls[0][1].tolist() == [[0, 0]]
    pre.remove()
    pre.remove()
    post.remove()
    with layer.register_forward_hook(lambda m, inputs, outputs: outputs + 1):
        np.testing.assert_allclose(layer(x).numpy(), plain + 1, rtol=1e-6)
    np.testing.assert_array_equal(layer(x).numpy(), plain)
    assert len(calls) == 1
    with pytest.raises(TypeError, match="expected a function, got int"):
        layer.register_forward_hook(3)


def test_hooks_of_one_module_are_not_those_of_another():
    a, b = M.Identity(), M.Identity()
    a.register_forward_hook(lambda m, i, o: o + 1)
    assert b(mi.tensor([1.0])).tolist() == [1.0]


def test_a_hook_that_is_a_module_is_no_child():
    layer = M.Identity()
    layer.register_forward_hook(Block())
    assert not list(layer.parameters())


def test_repr_is_a_tree():
    text = repr(Net())
    assert text.startswith(
        "Net(\n  (blocks.0): Block(\n    (conv): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))\n  )\n"
    )
    assert "  (heads.a): Linear(in_features=2, out_features=1, bias=True)\n" in text
    assert repr(M.Sequential()) == "Sequential()"


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_are_apart_and_keep_ties(copier):
    net = Net()
    net.eval()
    other = copier(net)
    assert other.tied is other.blocks[0].conv and not other.blocks[1].training
    assert isinstance(other.tied.weight, mi.Parameter)
    before = net.state_dict()
    for p in other.parameters():
        p += 1
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
        if name != "blocks.0.offset" and name != "blocks.1.offset":
            np.testing.assert_array_equal(other.state_dict()[name], value + 1)


def test_sequential():
    net = M.Sequential(OrderedDict(first=M.Linear(2, 3), act=M.ReLU()), name="net")
    assert net.name == "net" and list(net.state_dict()) == ["first.weight", "first.bias"]
    net.append(M.Linear(3, 1))
    assert len(net) == 3 and isinstance(net[1], M.ReLU) and net[-1] is list(net)[2]
    assert [n for n, _ in net[1:].named_children()] == ["act", "2"]
    net[1] = M.Identity()
    assert repr(net[1]) == "Identity()"
    del net[0]
    assert [n for n, _ in net.named_children()] == ["act", "2"]
    with pytest.raises(TypeError, match="Sequential: argument '1': expected a Module, got function"):
        M.Sequential(M.ReLU(), lambda x: x)
    with pytest.raises(ValueError, match="'forward' cannot name a module"):
        M.Sequential({"forward": M.ReLU()})


def test_astype_and_to_keep_the_objects():
    net = Net()
    weight = net.tied.weight
    weight.grad = mi.functional.ones(weight.shape)
    assert net.astype("float64") is net
    assert net.tied.weight is weight
    assert str(weight.dtype) == str(weight.grad.dtype) == str(net.blocks[0].offset.dtype) == "float64"
    net.to("cpu:1")
    assert weight.device == weight.grad.device == "cpu:1"
    bn = M.BatchNorm2d(2).astype("float64")
    assert str(bn.num_batches_tracked.dtype) == "int64" and str(bn.running_var.dtype) == "float64"
    with pytest.raises(TypeError, match="Module.astype: argument 'dtype': expected a floating dtype"):
        net.astype("int32")
