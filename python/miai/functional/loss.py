"""Losses: straight from the operator table, gathered under F.loss as in MegEngine."""

from __future__ import annotations

from .. import _core

cross_entropy = _core.op("cross_entropy")
binary_cross_entropy = _core.op("binary_cross_entropy")
l1_loss = _core.op("l1_loss")
square_loss = _core.op("square_loss")
