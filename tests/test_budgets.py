"""Evaluations end within their budgets, from the command line; what keeps them there is checked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
CHECK = [sys.executable, ROOT / "tools/check_budgets.py"]

LOOP = """module {
  func.func public @main(%arg0: tensor<f32>) -> tensor<f32> {
    %c = stablehlo.constant dense<true> : tensor<i1>
    %0 = stablehlo.while(%iterArg = %arg0) : tensor<f32>
     cond {
      stablehlo.return %c : tensor<i1>
    } do {
      stablehlo.return %iterArg : tensor<f32>
    }
    return %0 : tensor<f32>
  }
}
"""
DIMS = """dim_numbers = [b, f, 0]x[o, i, 0]->[b, f, 0], window = {stride = [1], pad = [[0, 0]], \
lhs_dilate = [1], rhs_dilate = [1], reverse = [false]} {batch_group_count = 1 : i64, \
feature_group_count = 1 : i64}"""
CONVOLUTION = f"""module {{
  func.func public @main(%arg0: tensor<1x1x60000xf32>, %arg1: tensor<1x1x30000xf32>) \
-> tensor<1x1x30001xf32> {{
    %0 = stablehlo.convolution(%arg0, %arg1) {DIMS} : (tensor<1x1x60000xf32>, \
tensor<1x1x30000xf32>) -> tensor<1x1x30001xf32>
    return %0 : tensor<1x1x30001xf32>
  }}
}}
"""
LARGE = """module {
  func.func public @main(%arg0: tensor<5000000xf32>) -> tensor<5000000xf32> {
    return %arg0 : tensor<5000000xf32>
  }
}
"""
REPLICAS = """HloModule m, replica_count=64

ENTRY e {
  ROOT p = f32[5000000] parameter(0)
}
"""


@pytest.mark.parametrize(
    ("text", "budget", "said"),
    [
        (LOOP, ["--steps", "1000"], "more than the 1000 steps allowed"),
        (CONVOLUTION, ["--memory", "10000000"], "more than the 10000000 bytes allowed"),
        (LARGE, ["--memory", "10000000"], "argument 0, f32[5000000]: it takes more than"),
        (REPLICAS, ["--memory", "10000000"], "argument 0, f32[5000000]: it takes more than"),
    ],
)
def test_eval_says_which_budget_is_used_up(tmp_path, text, budget, said):
    path = tmp_path / "text.mlir"
    path.write_text(text)
    run = subprocess.run(
        [JAXSMITH, "eval", "--random", "1", *budget, path], capture_output=True, text=True
    )
    assert run.returncode == 1, run
    assert said in run.stderr
    assert run.stdout == ""


def test_lists_of_nothing_are_not_spelt_out(tmp_path):
    path = tmp_path / "text.hlo"
    path.write_text(
        "HloModule m\n\nENTRY e {\n  ROOT a = s32[100000000000,0] iota(), iota_dimension=0\n}\n"
    )
    run = subprocess.run([JAXSMITH, "eval", path], capture_output=True, text=True)
    assert run.returncode == 0, run
    assert run.stdout.startswith("0: i32[100000000000,0]") and len(run.stdout) < 1000


@pytest.mark.parametrize(
    ("folder", "line", "said"),
    [
        ("tensor", "std::vector<double> line(count);", "a Scratch"),
        ("tensor", "Ints places(rows * columns, -1);", "a Scratch"),
        ("tensor", "places.resize(n);", "a Scratch"),
        ("tensor", "auto* p = new double[n];", "memory is taken by"),
        ("tensor", "for (;;) step();", "Rounds"),
        ("ir/hlo", "while (true) step();", "Rounds"),
        ("tensor", "return std::string(rows * columns, '\\0');", "a Scratch"),
        ("tensor", "Tensor t{dtype, shape, std::string(n * stride / 8, '\\0')};", "a Scratch"),
        ("tensor", "use(std::vector<double>(count));", "a Scratch"),
        ("tensor", "use(shape, Ints(x.size(), 1));", "a Scratch"),
        ("tensor", "auto p = std::make_unique<double[]>(n);", "memory is taken by"),
        ("tensor", "const Tensor t = x.tensor();", "in a Workspace"),
        ("check", "thread_local int steps = 0;", "no thread_local"),
        ("plan", "thread_local bool looking = false;  // bounded: a bool", "no thread_local"),
        ("tensor", "const Tensor t = x.tensor();  // bounded: an element", None),
        ("tensor", "use(Ints(rank, 0), std::string(name), std::vector<bool>(shape.size()));", None),
        ("tensor", "using Run = std::function<Ints(std::vector<Array>, const Ints& x)>;", None),
        ("tensor", "use(Shape(x.shape().begin(), x.shape().end() - 2));", None),
        ("tensor", "Ints index(x.shape().size(), 0);", None),
        ("tensor", "Scratch<double> line(count, x.context());", None),
        ("plan", "for (;;) step();", None),
    ],
)
def test_kernels_cannot_forget_the_budget(tmp_path, folder, line, said):
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "rules.cc").write_text(f"void f() {{\n  {line}\n}}\n")
    run = subprocess.run([*CHECK, tmp_path], capture_output=True, text=True)
    assert run.returncode == (said is not None), run.stdout
    assert said is None or said in run.stdout


def test_what_may_be_in_a_thread_is_listed(tmp_path):
    (tmp_path / "source").mkdir()
    listed, other = tmp_path / "source/spellings.cc", tmp_path / "source/names.cc"
    for file in (listed, other):
        file.write_text("void f() {\n  thread_local int calls = 0;\n}\n")
    run = subprocess.run([*CHECK, tmp_path], capture_output=True, text=True)
    assert run.returncode == 1
    assert [line.split(":")[0] for line in run.stdout.splitlines()] == [str(other)]
    other.unlink()
    assert subprocess.run([*CHECK, tmp_path]).returncode == 0
    listed.write_text("void f() {}\n")
    run = subprocess.run([*CHECK, tmp_path], capture_output=True, text=True)
    assert run.returncode == 1 and "take it off the list" in run.stdout


def test_the_sources_keep_to_it():
    run = subprocess.run(CHECK, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
