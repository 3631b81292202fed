"""Statements of any expressions are broken into lines where ruff breaks them."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BINARIES = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith")).parent


class Writer:
    """Writes random expressions; powers of names alone, since ruff spaces others now so, now so."""

    NAMES = "x n mask hidden weights logits learning_rate attention_scores previous_norm".split()

    def __init__(self, seed):
        self.random = random.Random(seed)

    def name(self):
        return self.random.choice(self.NAMES)

    def leaf(self):
        number = self.random.choice(["1", "2", "0.5", "1e-06"])
        return self.random.choice([self.name(), self.name(), number, f"config.{self.name()}"])

    def arguments(self, depth):
        items = [self.expression(depth) for _ in range(self.random.randint(1, 3))]
        if self.random.random() < 0.3:
            items.append(f"axis={self.expression(depth - 1)}")
        return ", ".join(items)

    def expression(self, depth):
        if depth <= 0:
            return self.leaf()
        sub, closed = self.expression, lambda: f"({self.expression(depth - 1)})"
        function = self.random.choice(["jnp.sum", "jax.nn.softmax", "lax.fori_loop", "body"])
        operator = self.random.choice(["+", "-", "*", "/", "@", "//", "%"])
        forms = [
            (30, lambda: f"{sub(depth - 1)} {operator} {closed()}"),
            (4, lambda: f"{closed()} {self.random.choice(['<', '>=', '=='])} {closed()}"),
            (3, lambda: f"{closed()} {self.random.choice('&|^')} {closed()}"),
            (33, lambda: f"{function}({self.arguments(depth - 1)})"),
            (8, lambda: f"{self.name()}.at[{sub(depth - 2)}].set({sub(depth - 1)})"),
            (4, lambda: f"{self.name()}[{sub(depth - 2)}, :{self.name()}]"),
            (4, lambda: f"-{closed()}"),
            (4, lambda: f"{closed()}.astype(jnp.float32)"),
            (3, lambda: f"jnp.cumsum({sub(depth - 1)}).reshape({sub(depth - 2)}, -1)"),
            (2, lambda: f"[{sub(depth - 1)}, {sub(depth - 1)}]"),
            (2, lambda: f"jnp.stack(({sub(depth - 1)}, {sub(depth - 1)}))"),
            (2, lambda: f"{closed()} if {self.name()} else {closed()}"),
            (2, lambda: f"jnp.zeros({sub(depth - 1)}).at[{self.name()}].add({sub(depth - 1)})"),
            (2, lambda: f"{self.name()} ** {self.name()}" if depth == 1 else sub(depth - 1)),
        ]
        return self.random.choices([f for _, f in forms], [w for w, _ in forms])[0]()


def printed(lines, *options):
    done = subprocess.run(
        [BINARIES / "print_statements_main", *options],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def formatted(lines):
    ruff = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "88", "-"],
        input=printed(lines, "--flat"),
        capture_output=True,
        text=True,
    )
    assert ruff.returncode == 0, ruff.stderr
    return ruff.stdout.splitlines()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_statement_is_what_ruff_makes_of_its_one_line(seed):
    writer = Writer(seed)
    lines = [f"result_{i} = {writer.expression(writer.random.randint(2, 4))}" for i in range(1500)]
    ours = printed(lines).splitlines()
    assert ours == formatted(lines)
    assert sum(len(line) > 80 for line in ours) > 200


def test_so_are_calls_with_many_results():
    writer = Writer(4)
    lines = []
    for _ in range(1500):
        many = writer.random.randint(2, 8)
        function = writer.random.choice(["body", "rms_norm_then_attention", "scaled_update"])
        targets = ", ".join(writer.name() for _ in range(many))
        arguments = ", ".join(writer.name() for _ in range(writer.random.randint(1, 9)))
        lines.append(f"{targets} = {function}({arguments})")
    ours = printed(lines).splitlines()
    assert ours == formatted(lines)
    assert sum(line.startswith("    ) = ") for line in ours) > 50
    assert sum(line.endswith(" = (") for line in ours) > 50
