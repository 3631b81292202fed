#!/usr/bin/env python3
"""CPU time per function: jaxsmith against a plain JAX loop over the same functions, in one run.

usage: run.py --jaxsmith build/jaxsmith [--count 900] [--seed 1] [--workers 1]

`jaxsmith generate` makes a dataset (redo sample off); the plain loop (plain_loop.py) then does the same work on the
rows of it, one by one, with JAX alone. All processor time of both is counted, starting Python and JAX
included, and the functions that jaxsmith refuses count against it. One worker, as processors that share a cache
slow each other down, and the loop runs alone.
"""

import argparse
import glob
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET_RATIO, TARGET_SHARE = 3.0, 10.0
CPU_LINE = re.compile(
    r"processor time: ([\d.]+) s: workers ([\d.]+), planning and rendering ([\d.]+), checking ([\d.]+), "
    r"selecting and storing ([\d.]+)"
)


def child_cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(command, **environment):
    """Runs a command; gives what it printed and the processor time of it and all its processes."""
    before = child_cpu_seconds()
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, env=dict(os.environ, **environment)
    )
    if done.returncode != 0:
        sys.exit(f"bench: {command[0]} ended with status {done.returncode}")
    return done.stdout, child_cpu_seconds() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jaxsmith", required=True)
    parser.add_argument("--count", type=int, default=900)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "dataset")
        command = [options.jaxsmith, "generate", "--out", out, "--redo", "0"]
        command += [
            "--count",
            str(options.count),
            "--seed",
            str(options.seed),
            "--workers",
            str(options.workers),
        ]
        summary, ours = run(command)
        loop = [
            sys.executable,
            str(HERE / "plain_loop.py"),
            *sorted(glob.glob(out + "/data/*.parquet")),
        ]
        flags = "--xla_force_host_platform_device_count=4"
        printed, theirs = run(loop, XLA_FLAGS=flags, JAX_PLATFORMS="cpu")
    figures = json.loads(printed)
    total, workers, plan, check, store = (float(part) for part in CPU_LINE.search(summary).groups())
    count = figures["functions"]
    ratio, share = theirs / ours, 100 * (plan + check + store) / ours
    print(f"{'CPU ms per function':<44}{count} functions")
    for name, seconds in (
        ("plain JAX loop", theirs),
        ("jaxsmith generate", ours),
        ("  workers", workers),
        ("  planning and rendering", plan),
        ("  checking and structure", check),
        ("  selecting and storing", store),
        ("  the rest (talking to workers, waiting)", total - workers - plan - check - store),
    ):
        print(f"{name:<44}{1000 * seconds / count:8.2f}")
    print(f"{'ratio':<44}{ratio:8.2f}   (target: at least {TARGET_RATIO:g})")
    print(
        f"{'planning, rendering, checking, storing':<44}{share:7.1f}%   (target: less than {TARGET_SHARE:g} %)"
    )
    return 0 if ratio >= TARGET_RATIO and share < TARGET_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
