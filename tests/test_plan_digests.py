"""Plans are the same with every compiler and every C library.

The recorded digests are of two thousand families. Where plans are meant to change:

    pytest tests/test_plan_digests.py --bless

Another compiler or library is tried with the same program: build `plan_digests_main` with it and
run this test with PLAN_DIGESTS=PATH.
"""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("PLAN_DIGESTS") or str(
    Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith")).parent / "plan_digests_main"
)
RECORDED = ROOT / "tests" / "data" / "plan_digests.txt"
# Seed, first chunk, chunks; the tenth chunk of each ten has x64 on.
RANGES = [(0, 0, 70), (11, 0, 20), (2**40 + 3, 10**6, 10)]


def digests(ranges=RANGES, program=PROGRAM, **environment):
    """The lines that the program prints for these chunks."""
    lines = []
    for each in ranges:
        done = subprocess.run(
            [program, *map(str, each)],
            capture_output=True,
            text=True,
            check=True,
            env=dict(os.environ, **environment),
        )
        lines += done.stdout.splitlines()
    return lines


def test_plans_are_those_that_were_recorded(request):
    found = digests()
    if request.config.getoption("--bless"):
        RECORDED.parent.mkdir(exist_ok=True)
        RECORDED.write_text("\n".join(found) + "\n")
    assert len(found) == 100
    assert found == RECORDED.read_text().splitlines()


@pytest.fixture(scope="module")
def perturbed(tmp_path_factory):
    """A library that stands in front of libm and moves each result by a unit in the last place."""
    library = tmp_path_factory.mktemp("libm") / "perturbed.so"
    source = ROOT / "tests" / "perturbed_libm.c"
    command = ["cc", "-O1", "-fno-builtin", "-shared", "-fPIC", source, "-o", library, "-ldl"]
    subprocess.run([*map(str, command)], check=True)
    return library


def test_the_last_bits_of_the_c_library_move_no_plan(perturbed, tmp_path):
    log = tmp_path / "called"
    found = digests(RANGES[1:], LD_PRELOAD=str(perturbed), PERTURBED_LIBM_LOG=str(log))
    assert found == RECORDED.read_text().splitlines()[70:]
    assert not log.exists()  # nothing that differs between libraries was even asked for


def test_the_perturbation_is_felt(perturbed, tmp_path):
    """The shim does what it says, to a program that calls the C library."""
    program = tmp_path / "sines.c"
    program.write_text(
        "#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
        'int main(int c, char **v) { printf("%a\\n", sin(atof(v[1]))); }\n'
    )
    subprocess.run(["cc", "-fno-builtin", program, "-o", tmp_path / "sines", "-lm"], check=True)
    command, log = [tmp_path / "sines", "0.7"], tmp_path / "called"
    plain = subprocess.run(command, capture_output=True, check=True).stdout
    environment = dict(os.environ, LD_PRELOAD=str(perturbed), PERTURBED_LIBM_LOG=str(log))
    moved = subprocess.run(command, capture_output=True, check=True, env=environment).stdout
    assert moved != plain and log.read_text() == "called\n"
