"""Where results hang on rounding: sums in 16 bits go as XLA's do, what is only noise may differ, and a
changed text is found out all the same."""

import json
import subprocess

import jax
import jax.numpy as jnp
import jaxsmith
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conformance import JAXSMITH, LEVELS, SCHEMA, row_of


def broadcast_loss(rows, table):
    total = table + jnp.sum(rows)
    return jnp.mean(jnp.square(total.astype(jnp.float32)))


def masked_sum(rows, table):
    return jnp.where(table > 0, jnp.sum(rows * rows), 0.25).astype(jnp.float32).sum()


@pytest.mark.parametrize("function", [broadcast_loss, masked_sum])
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_sums_in_16_bits_are_those_of_xla(tmp_path, function, dtype):
    """XLA rounds some at each step, so that they stop growing, and keeps others in 32 bits."""
    rng = np.random.default_rng(0)
    arguments = [jnp.asarray(rng.uniform(0.5, 1, shape), dtype) for shape in ((3, 1), (40, 40))]
    row = row_of("sum", jaxsmith.extract(jax.value_and_grad(function), *arguments))
    for level in LEVELS:
        assert verdict(tmp_path, row, level)["agrees"], level
        doubled = {**row["outputs"][1], "data": (2 * arguments[0]).tobytes()}
        wrong = {**row, "outputs": [row["outputs"][0], doubled]}
        assert not verdict(tmp_path, wrong, level)["agrees"], level


def widened(x):
    """Amplifies the rounding of a difference in 16 bits, of which the last is not rounded by XLA."""
    folded = (3 * x).astype(jnp.bfloat16)
    wave = jnp.sin(500 * (folded - jnp.exp(-folded)).astype(jnp.float32))
    return wave


def test_what_is_widened_at_once_is_not_rounded_by_xla(tmp_path):
    x = np.random.default_rng(5).uniform(0.5, 2, 50).astype(np.float32)
    row = row_of("widened", jaxsmith.extract(widened, x))
    for level in LEVELS:
        assert verdict(tmp_path, row, level)["agrees"], level
    changed = row["jaxpr"].replace("= neg ", "= abs ")
    assert changed != row["jaxpr"]
    assert not verdict(tmp_path, {**row, "jaxpr": changed}, "jaxpr")["agrees"]


def test_below_the_normal_numbers_of_16_bits_the_last_digits_may_differ(tmp_path):
    x = np.random.default_rng(5).uniform(1, 3, 50).astype(np.float16)
    row = row_of("small", jaxsmith.extract(lambda x: (x * 0.001) ** 2 * x, x))
    least = 2.0**-24
    off = np.frombuffer(row["outputs"][0]["data"], np.float16)
    for units, agrees in ((1, True), (40, False)):
        moved = (off.astype(np.float64) + units * least).astype(np.float16)
        outputs = [{**row["outputs"][0], "data": moved.tobytes()}]
        assert verdict(tmp_path, {**row, "outputs": outputs}, "jaxpr")["agrees"] == agrees


def residue(x):
    """Nothing but rounding errors, beside what is large."""
    centred = x - jnp.mean(x, axis=0, keepdims=True)
    return jnp.sum(centred, axis=0), jnp.linalg.slogdet(x.T @ x)[1]


CHANGES = {
    "another operation": ("= sub ", "= add "),
    "a product for a quotient": ("= div ", "= mul "),
    "a largest element for a sum": ("reduce_sum[", "reduce_max["),
}


def verdict(tmp_path, row, level):
    file, verdicts = tmp_path / "rows.parquet", tmp_path / "verdicts.jsonl"
    pq.write_table(pa.Table.from_pylist([row], SCHEMA), file)
    command = [JAXSMITH, "check", file, "--level", level, "--verdicts", verdicts]
    subprocess.run(command, capture_output=True)
    return json.loads(verdicts.read_text())


def test_noise_may_differ_and_changes_are_found(tmp_path):
    x = np.random.default_rng(3).normal(5, 1, (64, 4)).astype(np.float32)
    row = row_of("residue", jaxsmith.extract(residue, x))
    assert np.abs(np.frombuffer(row["outputs"][0]["data"], np.float32)).max() < 1e-3
    assert verdict(tmp_path, row, "jaxpr")["agrees"]
    for what, (old, new) in CHANGES.items():
        assert old in row["jaxpr"], what
        changed = new.join(row["jaxpr"].rsplit(old, 1))
        assert not verdict(tmp_path, {**row, "jaxpr": changed}, "jaxpr")["agrees"], what
