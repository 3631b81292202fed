"""Functions that a program compiles for arrays which nothing could hold: their rows say why they were not run."""

import os
import re
import subprocess
import sys

import jaxsmith
import pytest

PROGRAM = """
import jax, jax.numpy as jnp
shapes = {shapes}
jax.jit(lambda *xs: [jnp.sin(x) for x in xs]).lower(
    *(jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes)
).compile()
"""


@pytest.mark.parametrize(
    "shapes",
    [
        [(2**32, 2**32)],  # so many elements that their number wraps to 0
        [(2**31, 2**32)],  # a negative number of bytes
        [(2**30, 2**30), (2**30, 2**30)],  # bytes that wrap where they are added
        [(2**25,)],
    ],
)
def test_they_are_kept_and_not_run(shapes, tmp_path):
    done = subprocess.run(
        [os.environ["JAXSMITH"], "capture", "--out", "out", "--",
         sys.executable, "-c", PROGRAM.format(shapes=shapes)],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    # XLA ends a process by such shapes, which is the program's own end.
    assert "1 function in out" in done.stderr, done.stderr
    (row,) = jaxsmith.load(tmp_path / "out")
    (run,) = [check for check in row.fields["checks"] if check["check"] == "run"]
    assert run["status"] == "not done", run
    why = r"its arguments take .*more than 64|an array has more elements than can be counted"
    assert re.search(why, run["detail"]), run
