"""A fixture for the tests of mi.dtr: each begins without statistics and leaves the settings as they were."""

import miai as mi
import pytest


@pytest.fixture(autouse=True)
def fresh_dtr():
    mi.dtr.reset_statistics()
    yield
    mi.dtr.disable()
    mi.dtr.eviction_threshold = 0
    mi.dtr.evictee_minimum_size = 4096
    mi.device.set_memory_limit(0)
