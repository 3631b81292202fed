"""The texts are those that a plain script gets from JAX, with nothing of jaxsmith."""

import json
import subprocess
import sys

import numpy as np
from jaxsmith.base import arrays
from worker_client import Worker, environment
from worker_functions import SAMPLES

SCRIPT = r"""
import json, sys
import jax, numpy as np
from jaxlib import _hlo

jax.config.update("jax_enable_x64", sys.argv[1] == "x64")
options = _hlo.HloPrintOptions()
options.print_large_constants = True
options.print_metadata = False
for path, source in json.load(sys.stdin):
    scope = {}
    exec(source, scope)
    with np.load(path) as file:
        inputs = [file[name] for name in sorted(file.files)]
    traced = jax.jit(scope["f"]).trace(*inputs)
    lowered = traced.lower()
    compiled = lowered.compile()
    print(json.dumps({
        "jaxpr": str(traced.jaxpr),
        "stablehlo": lowered.as_text(),
        "hlo": lowered.as_text(dialect="hlo"),
        "hlo_optimized": compiled.runtime_executable().hlo_modules()[0].to_string(options),
    }))
"""


def test_plain_script_gets_the_same_texts(tmp_path):
    # NumPy's own files know nothing of bfloat16.
    chosen = [s for s in SAMPLES if not any("bf16" in a for a in s.arguments)][::3]
    for x64 in (False, True):
        samples = [s for s in chosen if s.x64 == x64]
        assert samples
        requests = [s.request() for s in samples]
        with Worker() as worker:
            outcomes = worker.run(requests)
        work = []
        for i, request in enumerate(requests):
            path = str(tmp_path / f"{x64}-{i}.npz")
            inputs = [arrays.decode(array) for array in request["inputs"][0]]
            np.savez(path, **{f"a{j}": array for j, array in enumerate(inputs)})
            work.append((path, request["source"]))
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, "x64" if x64 else "x32"],
            input=json.dumps(work),
            text=True,
            capture_output=True,
            check=True,
            env=environment(),
        )
        texts = [json.loads(line) for line in done.stdout.splitlines()]
        for sample, outcome, expected in zip(samples, outcomes, texts, strict=True):
            assert outcome["levels"] == expected, sample.name
