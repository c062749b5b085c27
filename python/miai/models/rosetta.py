"""The CNN of the "Rosetta Stone" comparison of deep learning frameworks (Karmanov et al., 2018)."""

from __future__ import annotations

from .. import functional as F
from .. import module as M
from ..tensor import Tensor


class RosettaCNN(M.Module):
    """Images (N, 3, 32, 32) to class scores (N, num_classes): 3x3 convolutions of 50, 50, 100 and 100
    channels, two poolings, a dense layer of 512; dropout of 1/4, 1/4 and 1/2.

    >>> import miai as mi
    >>> RosettaCNN().eval()(mi.functional.ones((2, 3, 32, 32))).shape
    (2, 10)
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = M.Conv2d(3, 50, 3, padding=1)
        self.conv2 = M.Conv2d(50, 50, 3, padding=1)
        self.conv3 = M.Conv2d(50, 100, 3, padding=1)
        self.conv4 = M.Conv2d(100, 100, 3, padding=1)
        self.fc1 = M.Linear(100 * 8 * 8, 512)
        self.fc2 = M.Linear(512, num_classes)

    def forward(self, inp: Tensor) -> Tensor:
        x = F.relu(self.conv2(F.relu(self.conv1(inp))))
        x = F.dropout(F.max_pool2d(x, 2), 0.25, self.training)
        x = F.relu(self.conv4(F.relu(self.conv3(x))))
        x = F.dropout(F.max_pool2d(x, 2), 0.25, self.training)
        x = F.relu(self.fc1(F.flatten(x, 1)))
        return self.fc2(F.dropout(x, 0.5, self.training))


def rosetta_cnn(num_classes: int = 10) -> RosettaCNN:
    """The CNN for CIFAR: 3,441,592 parameters for 10 classes."""
    return RosettaCNN(num_classes)
