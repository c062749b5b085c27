"""What the tests of memory train."""

from miai import functional as F  # noqa: N812
from miai import module as M  # noqa: N812


class Block(M.Module):
    """Two convolutions with batch norm, dropout between, and a sum."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = M.Conv2d(channels, channels, 3, padding=1)
        self.norm1 = M.BatchNorm2d(channels)
        self.drop = M.Dropout(0.2)
        self.conv2 = M.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = M.BatchNorm2d(channels)

    def forward(self, x):
        y = self.drop(F.relu(self.norm1(self.conv1(x))))
        return F.relu(self.norm2(self.conv2(y)) + x)
