"""What all tests share: two CPU devices whatever the machine, and a cache of compiled programs of their own."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT / ".." / "shared" / "data"

for name in [name for name in os.environ if name.startswith("HELDOUT_")]:
    del os.environ[name]  # a setting of the person at the desk must not decide a test
# Programs started by a test use this checkout too, installed or not.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
os.environ["HELDOUT_CACHE"] = str(ROOT / ".pytest_cache" / "heldout")

from heldout.train.device import prepare_device  # noqa: E402 - the environment above comes first

prepare_device(cores=2)


@pytest.fixture
def shared_data():
    """The folder with real data; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data are not at {SHARED_DATA}")
    return SHARED_DATA
