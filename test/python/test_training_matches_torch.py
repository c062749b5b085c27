"""The demo's network from the same weights and batches as in PyTorch: the same loss curve."""

import miai as mi
import numpy as np
import pytest
from miai import functional as F  # noqa: N812
from miai.demo.network import ResidualNet

torch = pytest.importorskip("torch")
STEPS = 50


class TorchBlock(torch.nn.Module):
    def __init__(self, cin, c, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(cin, c, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(c)
        self.conv2 = torch.nn.Conv2d(c, c, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(c)
        self.shortcut = torch.nn.Identity()
        if stride != 1 or cin != c:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(cin, c, 1, stride, bias=False), torch.nn.BatchNorm2d(c)
            )

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class TorchNet(torch.nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, widths[0], 3, padding=1, bias=False)
        self.bn = torch.nn.BatchNorm2d(widths[0])
        channels = (widths[0], *widths)
        self.blocks = torch.nn.Sequential(
            *(
                TorchBlock(a, b, 1 if i == 0 else 2)
                for i, (a, b) in enumerate(zip(channels, widths, strict=False))
            )
        )
        self.fc = torch.nn.Linear(widths[-1], 10)

    def forward(self, x):
        return self.fc(self.blocks(torch.relu(self.bn(self.conv(x)))).mean((2, 3)))


def batches():
    rng = np.random.default_rng(0)
    prototypes = rng.standard_normal((10, 1, 16, 16)).astype("float32")
    for _ in range(STEPS):
        labels = rng.integers(0, 10, 16)
        yield prototypes[labels] + 0.5 * rng.standard_normal((16, 1, 16, 16)).astype("float32"), labels


def torch_losses(net, optimizer):
    losses = []
    for images, labels in batches():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(torch.from_numpy(images)), torch.from_numpy(labels))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def miai_losses(net, optimizer, traced):
    manager = mi.GradManager().attach(net.parameters())

    def step(images, labels):
        with manager:
            loss = F.cross_entropy(net(images), labels)
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    run = mi.trace(step) if traced else step
    return np.array([run(mi.tensor(images), mi.tensor(labels)).item() for images, labels in batches()])


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_loss_curve(kind: str, traced: bool) -> None:
    torch.manual_seed(0)
    widths = (8, 16)
    theirs = TorchNet(widths)
    ours = ResidualNet(10, widths)
    ours.load_state_dict({name: value.numpy().copy() for name, value in theirs.state_dict().items()})
    if kind == "sgd":
        theirs_opt = torch.optim.SGD(theirs.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-4)
        ours_opt = mi.optimizer.SGD(ours.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-4)
    else:
        theirs_opt = torch.optim.Adam(theirs.parameters(), lr=1e-3)
        ours_opt = mi.optimizer.Adam(ours.parameters(), lr=1e-3)
    expected = torch_losses(theirs, theirs_opt)
    got = miai_losses(ours, ours_opt, traced)
    relative = np.abs(got - expected) / np.abs(expected)
    assert relative[0] <= 1e-5
    assert relative.max() <= 1e-3
    assert expected[-5:].mean() < 0.8 * expected[0]  # it has learned: the comparison means something
