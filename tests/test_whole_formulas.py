"""Parts of large programs keep what such parts keep: a closed system its total, a cipher its text."""

import json
import os
import subprocess
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith"))


def modules(idioms, count=80):
    """What the modules of planned programs define, with their sources."""
    options = ["--seed", "5", "--index", "0", "--count", str(count), "--member", "0", "--json"]
    command = [JAXSMITH, "plan", "--idioms", ",".join(idioms), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for plan in map(json.loads, done.stdout.splitlines()):
        if plan["x64"]:
            continue
        scope = {"__name__": "function"}
        exec(compile(plan["source"], "<function>", "exec"), scope)
        yield plan["source"], scope


def defined(scope, *names):
    return next((scope[name] for name in names if name in scope), None)


def words(random, *shape):
    return jnp.asarray(random.integers(0, 2**32, shape, np.uint32))


SYSTEMS = ["coupled_system", "nonlinear_system", "stepped_system", "system_history"]


@pytest.mark.parametrize("system", ["epidemic", "plankton"])
def test_closed_systems_keep_their_total(system):
    random, held = np.random.default_rng(3), 0
    for source, scope in modules(SYSTEMS, 400):
        rates = defined(scope, f"{system}_rates", f"{system}_derivatives")
        if rates is None:
            continue
        count = rates.__code__.co_argcount
        changes = rates(*jnp.asarray(random.uniform(0.1, 0.9, count), jnp.float32))
        held += 1
        assert abs(float(sum(changes))) < 1e-5, source
    assert held > 1


CIPHERS = ["block_cipher", "table_cipher", "cipher_blocks", "chained_cipher"]


def test_ciphers_give_back_what_they_encrypt():
    random, held = np.random.default_rng(4), 0
    for source, scope in modules(CIPHERS, 60):
        encrypt = defined(scope, "encrypt_block", "encrypt_pair")
        decrypt = defined(scope, "decrypt_block", "decrypt_pair")
        expand = defined(scope, "expand_key", "key_schedule")
        if encrypt is None or decrypt is None:
            continue
        held += 1
        tables = [jnp.asarray(random.permutation(16), jnp.uint32)]
        rest = [expand(words(random, 4)), *tables[: encrypt.__code__.co_argcount - 3]]
        plain = words(random), words(random)
        hidden = jax.jit(encrypt)(*plain, *rest)
        assert [int(x) for x in hidden] != [int(x) for x in plain], source
        found = jax.jit(decrypt)(*hidden, *rest)
        assert [int(x) for x in found] == [int(x) for x in plain], source
    assert held > 5


def chacha_block(key, counter, nonce, doubles):
    """Of RFC 8439, with as many double rounds and as long a nonce as is given."""
    numbers = [counter, *([0] if len(nonce) == 2 else []), *nonce]
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key, *numbers]
    state = list(map(int, start))

    def turned(x, n):
        return (x << n | x >> (32 - n)) & 0xFFFFFFFF

    def quarter(a, b, c, d):
        for first, second in ((16, 12), (8, 7)):
            state[a] = (state[a] + state[b]) & 0xFFFFFFFF
            state[d] = turned(state[d] ^ state[a], first)
            state[c] = (state[c] + state[d]) & 0xFFFFFFFF
            state[b] = turned(state[b] ^ state[c], second)

    for _ in range(doubles):
        for k in range(4):
            quarter(k, 4 + k, 8 + k, 12 + k)
        for k in range(4):
            quarter(k, 4 + (k + 1) % 4, 8 + (k + 2) % 4, 12 + (k + 3) % 4)
    return [(x + int(y)) & 0xFFFFFFFF for x, y in zip(state, start, strict=True)]


def test_keystreams_are_those_of_chacha():
    random, held = np.random.default_rng(5), 0
    for source, scope in modules(["keystream", "keystream_words"], 40):
        block = scope.get("chacha_block")
        if block is None:
            continue
        held += 1
        key = words(random, 8)
        for length in (2, 3):
            nonce = words(random, length)
            if f"nonce[{length - 1}]" in source and f"nonce[{length}]" not in source:
                found = [int(x) for x in jax.jit(block)(key, words(random) * 0 + 7, nonce)]
                expected = [chacha_block(key, 7, nonce, doubles) for doubles in (4, 6, 10)]
                assert found in expected, source
    assert held > 3
