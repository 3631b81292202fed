"""Makes the package of the worker importable in the tests."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

# In the background of a script Ctrl-C is ignored, and what is started there would ignore it as well.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--bless", action="store_true", help="record the digests of plans that are found"
    )
