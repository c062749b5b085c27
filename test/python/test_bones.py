"""Where the parts meet: second order, failures in the middle of a step, devices, what is held and what is
written."""

import os
import subprocess
import sys

import miai as mi
import numpy as np
import pytest
from miai import _core
from miai import functional as F  # noqa: N812
from miai import module as M  # noqa: N812
from miai.demo.network import ResidualNet


def torch_second_order(x, w):
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    tx, tw = (torch.tensor(v, requires_grad=True) for v in (x, w))
    y = torch.softmax(f.batch_norm(f.conv2d(tx, tw, padding=1), None, None, training=True).flatten(1), 1)
    first = torch.autograd.grad((y * y).sum(), (tx, tw), create_graph=True)
    return [g.numpy() for g in torch.autograd.grad(sum((g * g).sum() for g in first), (tx, tw))]


@pytest.mark.parametrize("level", [None, 0, 1, 2])
def test_second_order_as_in_torch(level) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 2, 4, 5)), rng.standard_normal((3, 2, 3, 3))

    def value(x, w):
        y = F.batch_norm(F.conv2d(x, w, padding=1), training=True)
        y = F.softmax(F.flatten(y, 1), 1)
        return (y * y).sum()

    def penalty(x, w):
        return sum((g * g).sum() for g in mi.grad(value, argnums=(0, 1))(x, w))

    second = mi.grad(penalty, argnums=(0, 1))
    run = second if level is None else mi.trace(second, opt_level=level)
    for _ in range(2):
        got = run(mi.tensor(x), mi.tensor(w))
    for mine, theirs in zip(got, torch_second_order(x, w), strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs, rtol=1e-7, atol=1e-9)


def residual_step(kind="Adam", **options):
    mi.random.seed(0)
    net = ResidualNet(10, (4, 8))
    opt = getattr(mi.optimizer, kind)(net.parameters(), lr=0.01)
    manager = mi.GradManager().attach(net.parameters())

    def step(x, y):
        with manager:
            loss = F.cross_entropy(net(x), y)
            manager.backward(loss)
        opt.step().clear_grad()
        return loss

    return net, opt, mi.trace(step, **options)


def images(seed=0, labels=None):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((4, 1, 8, 8)).astype("float32")
    return mi.tensor(x), mi.tensor(rng.integers(0, 10, 4) if labels is None else np.array(labels))


def everything(net, opt):
    """A copy of all that a step may write."""
    state = {f"net.{k}": v.copy() for k, v in net.state_dict().items()}
    flat = [opt.state_dict()]
    while flat:
        item = flat.pop()
        for key, value in item.items() if isinstance(item, dict) else enumerate(item):
            if isinstance(value, dict | list | tuple):
                flat.append(value)
            elif isinstance(value, mi.Tensor | np.ndarray):
                state[f"opt.{key}.{len(state)}"] = np.array(value)
    return state


def assert_same(before, after, what):
    assert before.keys() == after.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(value, after[name], err_msg=f"{name} {what}")


@pytest.mark.parametrize("level", [0, 2])
def test_every_failed_allocation_leaves_the_state_of_before(level) -> None:
    net, opt, step = residual_step(opt_level=level)
    step(*images())
    step(*images(1))
    inputs = images(2)
    failures = 0
    for n in range(1, 100):
        before = everything(net, opt)
        step.release_memory()
        _core.fail_allocation_after(n)
        try:
            step(*inputs)
            break
        except MemoryError:
            failures += 1
        finally:
            _core.fail_allocation_after(0)
        assert_same(before, everything(net, opt), f"after allocation {n}")
    assert failures >= 1
    assert np.isfinite(step(*inputs).item())


def test_failed_allocation_while_recording_leaves_the_state_of_before() -> None:
    net, opt, _ = residual_step("SGD")
    manager = mi.GradManager().attach(net.parameters())
    inputs = images()
    for n in (1, 2, 5, 20, 50, 100, 150):
        before = everything(net, opt)

        @mi.trace
        def step(x, y):
            with manager:
                loss = F.cross_entropy(net(x), y)
                manager.backward(loss)
            opt.step().clear_grad()
            return loss

        _core.fail_allocation_after(n)
        try:
            with pytest.raises(MemoryError):
                step(*inputs)
        finally:
            _core.fail_allocation_after(0)
        assert not _core.is_recording()
        assert_same(before, everything(net, opt), f"after allocation {n}")
        opt.clear_grad()
    step(*inputs)


@pytest.mark.parametrize("level", [0, 2])
def test_error_in_the_middle_of_a_step_changes_nothing(level) -> None:
    net, opt, step = residual_step(opt_level=level)
    step(*images())
    before = everything(net, opt)
    with pytest.raises(IndexError, match=r"test_bones.py:\d+.*got 10"):
        step(*images(labels=[0, 1, 10, 2]))
    assert_same(before, everything(net, opt), "after the error")
    twin_net, _, twin = residual_step(opt_level=level)
    twin(*images())
    assert step(*images(1)).item() == twin(*images(1)).item()
    assert_same(
        {k: v.copy() for k, v in net.state_dict().items()}, dict(twin_net.state_dict()), "against its twin"
    )


@pytest.mark.parametrize("device", ["cpu:1", "fake:0"])
def test_training_on_a_device_with_a_queue(device) -> None:
    def losses(where, enabled):
        mi.random.seed(0)
        w = mi.Parameter(mi.tensor(np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)).to(where))
        opt = mi.optimizer.SGD([w], lr=0.5, momentum=0.9)
        manager = mi.GradManager().attach([w])

        def step(x, y):
            with manager:
                loss = F.cross_entropy(F.relu(x @ w), y)
                manager.backward(loss)
            opt.step().clear_grad()
            return loss

        run = mi.trace(step, enabled=enabled)
        rng = np.random.default_rng(0)
        results = []
        for _ in range(5):
            x, y = rng.standard_normal((6, 4)).astype("float32"), rng.integers(0, 3, 6)
            results.append(run(mi.tensor(x, device=where), mi.tensor(y, device=where)).item())
        return results

    expected = losses("cpu", False)
    np.testing.assert_allclose(losses(device, False), expected, rtol=1e-5)
    np.testing.assert_allclose(losses(device, True), expected, rtol=1e-5)


@pytest.mark.parametrize("device", ["cpu", "cpu:1", "fake:0"])
def test_error_inside_a_plan_names_the_operator_and_the_line(device) -> None:
    weight = mi.tensor([[1.0], [2.0]], device=device)
    look = mi.trace(lambda i: F.embedding(i, weight) * 2)
    good = mi.tensor([1], device=device)
    assert look(good).numpy().tolist() == [[4.0]]
    with pytest.raises(IndexError) as caught:
        look(mi.tensor([7], device=device)).numpy()
    assert "embedding" in str(caught.value) and "test_bones.py:" in str(caught.value)
    assert look(good).numpy().tolist() == [[4.0]]


@pytest.mark.parametrize("level", [0, 1, 2])
def test_what_is_held_is_not_written(level) -> None:
    w = mi.tensor(np.zeros(1000, "float32"))

    @mi.trace(opt_level=level)
    def step(x):
        w._reset(w + x)
        return w * 2

    one = mi.tensor(np.ones(1000, "float32"))
    views, results = [], []
    for _ in range(5):
        results.append(step(one))
        views += [w.numpy(), w[10:20].numpy(), np.from_dlpack(w.detach())]
    for i in range(5):
        assert (results[i].numpy() == 2 * (i + 1)).all()
        assert all((v == i + 1).all() for v in views[3 * i : 3 * i + 3])


@pytest.mark.parametrize("level", [0, 1, 2])
def test_result_that_is_the_argument_or_a_state(level) -> None:
    w = mi.tensor([1.0, 2.0])
    f = mi.trace(lambda x: (x, w, x[:1]), opt_level=level)
    for _ in range(3):
        x = mi.tensor([3.0, 4.0])
        a, b, c = f(x)
        a += 1  # its own cell: neither the argument nor its view sees it
        assert [t.tolist() for t in (x, b, c)] == [[3, 4], [1, 2], [3]]
        b += 1
        assert w.tolist() in ([1, 2], [2, 3])
        w.set_value([1.0, 2.0])


@pytest.mark.parametrize("label", [3, -1])
def test_label_out_of_bounds_is_explained(label) -> None:
    with pytest.raises(IndexError, match=rf"cross_entropy.*'label'.*\[0, 3\).*got {label}"):
        F.cross_entropy(mi.tensor([[1.0, 2.0, 3.0]]), mi.tensor([label])).item()


def test_signature_is_tree_dtype_rank_scalar_and_device() -> None:
    f = mi.trace(lambda tree, k: {"out": tree["a"] * k, "rest": [tree["b"][0] + 1, None, "text"]})
    x, y = mi.tensor([1.0]), mi.tensor([[2.0]])
    for _ in range(2):
        got = f({"a": x, "b": (y,)}, 3)
        assert got["out"].tolist() == [3.0] and got["rest"][0].tolist() == [[3.0]]
        assert got["rest"][1:] == [None, "text"]
    assert f.program_count == 1
    calls = [
        ({"a": x, "b": (y,)}, 4),
        ({"a": x.astype("float64"), "b": (y,)}, 4),
        ({"a": y, "b": (y,)}, 4),
        ({"a": x, "b": [y]}, 4),
        ({"a": x.to("cpu:1"), "b": (y,)}, 4),
    ]
    for number, (tree, k) in enumerate(calls):
        for _ in range(2):
            assert f(tree, k)["out"].numpy().ravel().tolist() == [4.0 * float(tree["a"].numpy().ravel()[0])]
        assert f.program_count == number + 2


def test_environment_turns_tracing_off() -> None:
    code = (
        "import miai as mi\ncalls = []\n"
        "f = mi.trace(lambda x: calls.append(1) or x)\n"
        "[f(mi.tensor([1.0])) for _ in range(3)]\nprint(len(calls))"
    )
    for value, count in (("0", "3"), ("1", "1")):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "MIAI_TRACE": value},
            capture_output=True,
            text=True,
        )
        assert run.stdout.strip() == count, run.stderr


def test_batch_norm_in_a_trace_updates_its_statistics_once() -> None:
    norms = [M.BatchNorm2d(3) for _ in range(2)]
    x = [
        mi.tensor(np.random.default_rng(i).standard_normal((4, 3, 5, 5)).astype("float32")) for i in range(4)
    ]
    traced = mi.trace(lambda v: norms[1](v))
    for v in x:
        np.testing.assert_allclose(traced(v).numpy(), norms[0](v).numpy(), rtol=1e-5, atol=1e-6)
    for name in ("running_mean", "running_var"):
        a, b = (getattr(n, name).numpy() for n in norms)
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_no_grad_and_detach_in_a_trace() -> None:
    w = mi.Parameter([2.0])

    def f(x):
        with mi.GradManager().attach([w]) as gm:
            y = w * x
            with mi.no_grad():
                z = w * 10
            gm.backward((y + z + y.detach() * w).sum())
        return w.grad

    eager = f(mi.tensor([3.0])).tolist()
    w.grad = None
    traced = mi.trace(f)
    for _ in range(3):
        w.grad = None
        assert traced(mi.tensor([3.0])).tolist() == eager == [9.0]


def test_refusals_of_kernels_are_printed() -> None:
    """Kernels that prepare state and ask for workspace, and why others were not taken."""
    x, w = F.ones((1, 2, 5, 5)), F.ones((3, 2, 3, 3))
    taken = _core.explain("conv2d", [x, w])
    assert taken.startswith("conv2d: ") and "reference/" not in taken.splitlines()[0]
    half = _core.explain("conv2d", [x.astype("float16"), w.astype("float16")])
    assert half.startswith("conv2d: reference/conv2d\n  not x86/conv2d"), half
    assert all(": " in line and "float16" in line for line in half.splitlines()[1:])
    plan = mi.trace(lambda x: F.sort(F.conv2d(x, w))[0])
    plan(x), plan(x)
    assert "by reference/sort, workspace arena+" in plan.explain()


SIZES = {
    "len": lambda v: v * len(v),
    "iteration": lambda v: sum(x * i for i, x in enumerate(v)),
    "unpacking": lambda v: [*v][-1] * 2,
    "range": lambda v: sum(v[i] for i in range(v.shape[0])),
    "int": lambda v: v * int(v.shape[0]),
    "size": lambda v: v.sum() / v.size,
    "product": lambda v: v.sum() / int(np.prod(v.shape)),
    "full": lambda v: F.full((v.shape[0],), 1.0).sum(),
    "equality": lambda v: v * 2 if v.shape == (2,) else v * 3,
    "membership": lambda v: v * 3 if v.shape[0] in (2, 5) else v,
    "minimum": lambda v: v[: min(v.shape[0], 2)],
    "last": lambda v: v[v.shape[0] - 1] + v[-1],
    "half": lambda v: v[: v.shape[0] // 2],
    "flip": lambda v: v[::-1],
    "mean and variance": lambda v: v.mean() + F.var(v),
    "sort": lambda v: F.sort(v)[0],
    "roll": lambda v: F.roll(v, 1, 0),
    "broadcast": lambda v: F.broadcast_to(v, (2, v.shape[0])),
    "arithmetic": lambda v: v * (2 * v.shape[0] - 1),
    "a key": lambda v: v * {2: 10}.get(v.shape[0], 1),
    "left operand": lambda v: v.shape[0] * v,
}


@pytest.mark.parametrize("function", SIZES.values(), ids=SIZES.keys())
def test_no_size_is_baked_in(function) -> None:
    traced = mi.trace(function, dynamic={"v": 0})
    for data in ([1.0, 2.0], [1.0, 2.0, 4.0], [1.0, 2.0], [3.0, 1.0, 4.0, 1.0, 5.0], [7.0, 8.0, 9.0]):
        x = mi.tensor(data)
        np.testing.assert_allclose(traced(x).numpy(), function(x).numpy(), rtol=1e-6)
