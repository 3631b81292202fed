"""The loop that jaxsmith is compared with does the work on rows of a dataset."""

import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as parquet
from worker_client import ROOT, environment
from worker_functions import SAMPLES

ARRAY = pa.struct(
    [
        ("name", pa.string()),
        ("dtype", pa.string()),
        ("shape", pa.list_(pa.int64())),
        ("data", pa.binary()),
    ]
)


def test_plain_loop(tmp_path):
    chosen = SAMPLES[::9] + [s for s in SAMPLES if s.name in ("wide", "bfloat", "sharded")]
    rows = []
    for i, sample in enumerate(chosen):
        request = sample.request(i)
        rows.append(
            {
                "source": request["source"],
                "entry": request["entry"],
                "argument_tree": str(tuple(range(len(request["inputs"][0])))),
                "x64": request["x64"],
                "inputs": [{"name": f"a{j}", **a} for j, a in enumerate(request["inputs"][0])],
            }
        )
    schema = pa.schema(
        [
            ("source", pa.string()),
            ("entry", pa.string()),
            ("argument_tree", pa.string()),
            ("x64", pa.bool_()),
            ("inputs", pa.list_(ARRAY)),
        ]
    )
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.Table.from_pylist(rows, schema), path)
    for limit, expected in ((None, len(rows)), (2, 2)):
        done = subprocess.run(
            [sys.executable, ROOT / "bench/plain_loop.py", path]
            + ([] if limit is None else ["--limit", str(limit)]),
            capture_output=True,
            text=True,
            check=True,
            env=environment(),
        )
        figures = json.loads(done.stdout.splitlines()[-1])
        assert figures["functions"] == expected
        assert figures["cpu_seconds"] > 0 and figures["bytes_made"] > 0
