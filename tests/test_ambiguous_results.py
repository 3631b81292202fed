"""Results that are not unique are compared by what they must satisfy: other eigenvectors of the same
matrix agree, and what are none do not; equal keys come out of an unstable sort in any order."""

import json
import os
import subprocess

import conformance
import jax
import jaxsmith
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jax import lax
from jax.lax import linalg

LEVELS = conformance.LEVELS


def matrix(*shape, complex_=False):
    random = np.random.default_rng(4)
    a = random.normal(size=shape)
    return (a + 1j * random.normal(size=shape) if complex_ else a).astype(
        np.complex64 if complex_ else np.float32
    )


def hermitian(*batch, complex_=False):
    a = matrix(*batch, 4, 4, complex_=complex_)
    return a + a.conj().swapaxes(-1, -2)


CASES = {
    "eigh": (linalg.eigh, hermitian(2)),
    "eigh complex": (linalg.eigh, hermitian(complex_=True)),
    "eigh of equal eigenvalues": (linalg.eigh, np.eye(4, dtype=np.float32)),
    "eig": (linalg.eig, matrix(2, 4, 4)),
    "eig complex": (linalg.eig, matrix(4, 4, complex_=True)),
    "svd": (linalg.svd, matrix(4, 3)),
    "svd thin": (lambda a: linalg.svd(a, full_matrices=False), matrix(2, 3, 4)),
    "svd by QR": (
        lambda a: linalg.svd(a, algorithm=linalg.SvdAlgorithm.QR),
        matrix(3, 3, complex_=True),
    ),
    "schur": (linalg.schur, matrix(4, 4)),
    "schur complex": (linalg.schur, matrix(2, 4, 4, complex_=True)),
    "schur alone": (lambda a: linalg.schur(a, compute_schur_vectors=False), matrix(4, 4)),
    "hessenberg": (linalg.hessenberg, matrix(2, 4, 4, complex_=True)),
    "tridiagonal": (lambda a: linalg.tridiagonal(a, lower=False), hermitian(2)),
    "pivoted qr": (lambda a: linalg.qr(a, pivoting=True), matrix(2, 4, 3)),
    "transposed vectors": (lambda a: linalg.eigh(a)[0].T, hermitian()),
    "vectors and what they are used for": (
        lambda a: (lambda v, w: (v, w, v @ (a[:, :1] * 2)))(*linalg.eigh(a)),
        hermitian(),
    ),
}


def verdicts(tmp_path, rows):
    file, out = tmp_path / "rows.parquet", tmp_path / "verdicts.jsonl"
    pq.write_table(pa.Table.from_pylist(rows, conformance.SCHEMA), file)
    command = [conformance.JAXSMITH, "check", file, "--verdicts", out]
    done = subprocess.run(list(map(os.fspath, command)), capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_other_vectors_of_the_same_matrix_agree(tmp_path):
    rows = [
        conformance.row_of(name, jaxsmith.extract(function, a))
        for name, (function, a) in CASES.items()
    ]
    found = verdicts(tmp_path, rows)
    assert len(found) == 4 * len(CASES)
    assert [v for v in found if not v["agrees"]] == []


@pytest.mark.parametrize("case", ["eigh", "eig", "svd", "schur", "transposed vectors"])
def test_what_does_not_satisfy_the_definition_is_found(tmp_path, case):
    function, a = CASES[case]
    row = conformance.row_of(case, jaxsmith.extract(function, a))
    rows = []
    for number in range(len(row["outputs"])):
        for change in (lambda x: x * 1.01, lambda x: np.roll(x, 1, -1), lambda x: x + 0.01):
            output = row["outputs"][number]
            dtype = np.complex64 if output["dtype"] == "c64" else np.float32
            changed = change(np.frombuffer(output["data"], dtype).reshape(output["shape"]))
            outputs = list(row["outputs"])
            outputs[number] = {**output, "data": changed.astype(dtype).tobytes()}
            rows.append({**row, "id": f"{case} {number} {len(rows)}", "outputs": outputs})
    found = verdicts(tmp_path, rows)
    assert [v["id"] for v in found if v["agrees"]] == []


def test_turned_vectors_agree_and_what_follows_is_compared_as_it_is(tmp_path):
    row = conformance.row_of("turned", jaxsmith.extract(*CASES["eigh"]))
    vectors, values = row["outputs"]
    turned = -np.frombuffer(vectors["data"], np.float32)
    good = {**row, "outputs": [{**vectors, "data": turned.tobytes()}, values]}
    assert all(v["agrees"] for v in verdicts(tmp_path, [good]))
    name = "vectors and what they are used for"
    row = conformance.row_of(name, jaxsmith.extract(*CASES[name]))
    turned = -np.frombuffer(row["outputs"][0]["data"], np.float32)
    bad = {**row, "outputs": [{**row["outputs"][0], "data": turned.tobytes()}, *row["outputs"][1:]]}
    assert not any(v["agrees"] for v in verdicts(tmp_path, [bad]))


def test_a_routine_with_results_of_other_sizes_is_refused():
    text = jax.jit(lax.linalg.qr).lower(matrix(4, 3)).as_text()
    wrong = text.replace("tensor<3xf32>", "tensor<2xf32>")
    assert wrong != text
    with pytest.raises(jaxsmith.IRError, match="geqrf"):
        jaxsmith.verify(wrong)


def tied(*shape):
    """Few numbers, so that many are the same."""
    return np.random.default_rng(5).integers(0, 5, shape).astype(np.float32)


def sorted_with_places(keys):
    places = np.arange(keys.size, dtype=np.int32).reshape(keys.shape)
    doubled = 2.0 * places
    return lax.sort([keys, places, doubled], dimension=0, num_keys=1, is_stable=False)


TIES = {
    "sort": (sorted_with_places, tied(400, 2)),
    "approx_max_k": (lambda x: lax.approx_max_k(x, 5), tied(4, 300)),
    "approx_min_k": (lambda x: lax.approx_min_k(x, 5), tied(4, 300)),
}


@pytest.mark.parametrize("case", TIES)
def test_equal_keys_may_come_in_any_order(tmp_path, case):
    row = conformance.row_of(case, jaxsmith.extract(*TIES[case]))
    assert all(v["agrees"] for v in verdicts(tmp_path, [row]))


def test_elements_that_are_sorted_together_stay_together(tmp_path):
    row = conformance.row_of("sort", jaxsmith.extract(*TIES["sort"]))
    keys, places, doubled = row["outputs"]
    # The first two have the same key: as they are, both exchanged, one of them alone.
    verdict = []
    for changed in ((), (places, doubled), (places,)):
        outputs = [keys]
        for output in (places, doubled):
            values = np.frombuffer(output["data"], np.int32).reshape(400, 2).copy()
            if any(output is each for each in changed):
                values[[0, 1], 0] = values[[1, 0], 0]
            outputs.append({**output, "data": values.tobytes()})
        found = verdicts(tmp_path, [{**row, "outputs": outputs}])
        verdict.append({v["agrees"] for v in found})
    assert verdict == [{True}, {True}, {False}]
