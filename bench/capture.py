#!/usr/bin/env python3
"""What `jaxsmith capture` costs a program: processor time of the program by itself and watched, in
turn, in one run. The time that the dataset takes afterwards is not the program's and is given
apart.

usage: capture.py --jaxsmith build/jaxsmith [--rounds 5]
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def cpu(command, **environment):
    """Processor time of a command and its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=dict(os.environ, **environment), check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def watched(program, packages, folder, everything):
    """The program under the recorder alone, as `jaxsmith capture` starts it."""
    return cpu(
        program,
        PYTHONPATH=os.path.join(packages, "jaxsmith", "watching", "bootstrap"),
        JAXSMITH_CAPTURE=folder,
        JAXSMITH_CAPTURE_ALL=everything,
        JAXSMITH_CAPTURE_PATH=packages,
        JAX_PLATFORMS="cpu",
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--jaxsmith", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    packages = str(HERE.parent / "python")
    program = [sys.executable, str(HERE / "training_program.py")]
    alone, default, everything = [], [], []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            alone.append(cpu(program, JAX_PLATFORMS="cpu"))
            default.append(watched(program, packages, folder, "0"))
            everything.append(watched(program, packages, folder, "1"))
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        whole = cpu(
            [options.jaxsmith, "capture", "--out", out, "--", *program], JAX_PLATFORMS="cpu"
        )
    base = statistics.median(alone)
    print(f"the program alone            {base:6.2f} s CPU (median of {options.rounds})")
    for name, times in (("watched", default), ("watched, --all", everything)):
        taken = statistics.median(times)
        print(f"{name:<28} {taken:6.2f} s CPU, {100 * (taken / base - 1):.1f} % more")
    print(f"with the dataset made, once  {whole:6.2f} s CPU")


if __name__ == "__main__":
    main()
