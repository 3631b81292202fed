"""Makes the package of the worker importable in the tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))


def pytest_addoption(parser):
    parser.addoption(
        "--bless", action="store_true", help="record the digests of plans that are found"
    )
