"""miai.models beside the published networks in PyTorch: names, outputs, gradients, traces and files."""

import copy
import pathlib
import subprocess
import sys

import miai as mi
import numpy as np
import pytest
from miai.module import _parameters, init

torch = pytest.importorskip("torch")
from cases import FULL, SMALL  # noqa: E402

RUN = str(pathlib.Path(mi.sdk_path()) / "bin" / "miai-run")


@pytest.fixture
def weightless(monkeypatch):
    """Parameters have shapes and no memory: every element is the same one."""

    def parameter(zeros):
        return mi.Parameter(mi.functional.broadcast_to(mi.tensor(0.0), zeros.shape))

    monkeypatch.setattr(_parameters, "Parameter", parameter)
    for name in ("fill_", "uniform_", "normal_"):
        monkeypatch.setattr(init, name, lambda tensor, *_: tensor)


@pytest.mark.parametrize("name", FULL)
@pytest.mark.usefixtures("weightless")
def test_names_shapes_and_number_of_parameters(name):
    with torch.device("meta"):
        theirs = FULL[name].theirs()
    ours = FULL[name].ours()
    expected = [(k, tuple(v.shape)) for k, v in theirs.state_dict().items()]
    assert [(k, tuple(v.shape)) for k, v in ours.state_dict().items()] == expected
    trained = {k for k, _ in theirs.named_parameters()}
    assert {k for k, _ in ours.named_parameters()} == trained
    assert sum(p.size for p in ours.parameters()) == FULL[name].parameters


def random_state(theirs, rng):
    """Weights as they start, but no bias, scale or running statistic is trivial."""
    for key, value in theirs.state_dict().items():
        if value.ndim == 1:
            low = 0.5 if key.endswith(("var", "weight")) else -0.5
            value.copy_(torch.from_numpy(rng.uniform(low, low + 1, value.shape)))


def pair(name, dtype):
    rng = np.random.default_rng(5)
    torch.manual_seed(5)
    ours, theirs = SMALL[name].ours(), SMALL[name].theirs()
    random_state(theirs, rng)
    ours.load_state_dict(theirs.state_dict())
    data = SMALL[name].data(rng)
    data = data.astype(dtype) if data.dtype.kind == "f" else data
    return ours.astype(dtype), theirs.to(getattr(torch, dtype)), data


@pytest.mark.parametrize("name", SMALL)
def test_outputs(name):
    ours, theirs, data = pair(name, "float64")
    with torch.no_grad():
        expected = theirs.eval()(torch.from_numpy(data)).numpy()
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(ours.eval()(mi.tensor(data)).numpy(), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", SMALL)
def test_fresh_weights_load_into_torch(name):
    ours, theirs, data = pair(name, "float32")
    fresh = SMALL[name].ours()
    theirs.load_state_dict({k: torch.tensor(v) for k, v in fresh.state_dict().items()})
    with torch.no_grad():
        expected = theirs.eval()(torch.from_numpy(data)).numpy()
    got = fresh.eval()(mi.tensor(data)).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", SMALL)
def test_gradients_of_a_step(name):
    ours, theirs, data = pair(name, "float64")
    ours.train(SMALL[name].training)
    theirs.train(SMALL[name].training)
    expected = theirs(torch.from_numpy(data))
    weights = np.random.default_rng(6).normal(size=expected.shape)
    (expected * torch.from_numpy(weights)).sum().backward()
    with mi.GradManager().attach(ours.parameters()) as gm:
        gm.backward((ours(mi.tensor(data)) * mi.tensor(weights)).sum())
    gradients = {k: p.grad.numpy() for k, p in ours.named_parameters()}
    for key, parameter in theirs.named_parameters():
        want = parameter.grad.numpy()
        scale = np.abs(want).max()
        np.testing.assert_allclose(gradients[key], want, rtol=1e-6, atol=1e-8 * scale + 1e-10, err_msg=key)
    for key, value in theirs.state_dict().items():  # running statistics
        np.testing.assert_allclose(ours.state_dict()[key], value.numpy(), rtol=1e-8, err_msg=key)


def training_step(net):
    optimizer = mi.optimizer.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    manager = mi.GradManager().attach(net.parameters())

    def step(x):
        with manager:
            loss = (net(x) ** 2).mean()
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    return step


@pytest.mark.parametrize("name", SMALL)
def test_traced_is_eager_and_what_the_sdk_runs(name, tmp_path):
    ours, _, data = pair(name, "float32")
    x = mi.tensor(data)
    expected = ours.eval()(x).numpy()
    exact, predict = mi.trace(ours.forward, opt_level=0), mi.trace(ours.forward)
    for _ in range(2):
        np.testing.assert_array_equal(exact(x).numpy(), expected)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(predict(x).numpy(), expected, rtol=1e-4, atol=1e-5 * scale)
    other = copy.deepcopy(ours.train())
    eager, step = training_step(other), mi.trace(training_step(ours))
    for _ in range(2):  # batch norm of few values multiplies roundings with each step
        mi.random.seed(7)  # the same dropout
        want = eager(x).item()
        mi.random.seed(7)
        np.testing.assert_allclose(step(x).item(), want, rtol=1e-4)
    ours.eval()
    predict(x)
    ours.train()
    mi.jit.dump(tmp_path / "model.miai", {"predict": predict, "train_step": step})
    done = subprocess.run(
        [RUN, "verify", tmp_path / "model.miai"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and done.stdout.count(": ok") == 2, done.stdout + done.stderr


def test_models_are_imported_when_asked_for():
    code = "import sys, miai; assert 'miai.models' not in sys.modules; miai.models.resnet18; miai.nothing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "AttributeError: module 'miai' has no attribute 'nothing'" in done.stderr


@pytest.mark.parametrize("make", [mi.models.resnet18, mi.models.mobilenet_v2])
def test_zero_classes(make):
    with pytest.raises(ValueError, match="Linear: argument 'out_features': expected at least 1, got 0"):
        make(num_classes=0)


def test_residual_blocks_start_as_their_shortcut():
    net = mi.models.resnet18(zero_init_residual=True)
    assert all(not block.bn2.weight.numpy().any() for block in net.layer2)
    assert mi.models.resnet18().layer2[0].bn2.weight.numpy().all()


def test_basic_blocks_have_no_groups():
    with pytest.raises(ValueError, match="use Bottleneck"):
        mi.models.resnet18(groups=2)


def test_more_tokens_than_positions():
    net = mi.models.TransformerClassifier(9, 2, 4, 8, 2, 1, 8)
    with pytest.raises(ValueError, match="argument 'tokens': expected at most 4 positions, got 5"):
        net(mi.functional.zeros((1, 5), dtype="int64"))
