"""A layer has a namespace and a type has one definition: what breaks that is found."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHECK = [sys.executable, ROOT / "tools" / "check_types.py"]


def found(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    done = subprocess.run([*CHECK, root], capture_output=True, text=True)
    assert done.returncode == (done.stdout != ""), done.stderr
    return done.stdout.splitlines()


def inside(namespace, text):
    return f"#pragma once\n\nnamespace {namespace} {{\n\n{text}\n\n}}  // namespace {namespace}\n"


BODY = inside("jaxsmith::plan", "struct Body {\n  int inputs = 0;\n};")


def test_the_sources_keep_to_it():
    done = subprocess.run(CHECK, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "again",
    [
        "struct Body {};",
        "class Body final : public Base<int> {\n};",
        "template <class T>\nclass [[nodiscard]] Body {};",
        "enum class Body : unsigned char { kOne };",
        "using Body = int;",
        'inline const char* kText = R"(struct {)";\nvoid f() { g("}"); }\nunion Body {\n};',
    ],
)
def test_a_second_definition_is_found(tmp_path, again):
    files = {"src/plan/program.h": BODY, "src/plan/other.h": inside("jaxsmith::plan", again)}
    lines = found(tmp_path, files)
    assert len(lines) == 1
    for said in ("jaxsmith::plan::Body", *files):
        assert said in lines[0]


@pytest.mark.parametrize("file", ["tests/plan_test.cc", "tests/fuzz/fuzz.h", "bench/plan_bench.cc"])
def test_tests_and_benchmarks_define_none_again(tmp_path, file):
    (line,) = found(tmp_path, {"src/plan/program.h": BODY, file: BODY})
    assert "jaxsmith::plan::Body" in line and file in line
    own = "namespace {\nstruct Body {};\n}"
    assert found(tmp_path, {file: inside("jaxsmith::plan", own)}) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("src/tensor/reduction.h", inside("jaxsmith::tensor", "struct Body {};")),
        ("src/plan/a.cc", inside("jaxsmith::plan", "namespace {\nstruct Body {};\n}")),
        ("src/plan/a.h", inside("jaxsmith::plan", "struct Body;\nstruct Body* f();")),
        ("src/plan/a.h", inside("jaxsmith::plan", "struct Op {\n  struct Body {};\n};")),
        ("src/plan/a.h", inside("jaxsmith::plan", "void f() {\n  struct Body {};\n}")),
        ("src/plan/a.h", inside("jaxsmith::plan", "// struct Body {};\n/* enum Body {}; */")),
        ("src/plan/a.h", inside("jaxsmith::plan", "template <>\nstruct Body<int> {};")),
        ("src/plan/a.h", inside("jaxsmith::plan::parts", "struct Body {};")),
    ],
)
def test_another_type_of_that_name_is_none(tmp_path, file, text):
    assert found(tmp_path, {"src/plan/program.h": BODY, file: text}) == []


@pytest.mark.parametrize(
    ("file", "namespace"),
    [
        ("src/plan/jax/ops.cc", "jaxsmith"),
        ("src/plan/jax/ops.cc", "jaxsmith::source"),
        ("src/plan/jax/ops.cc", "jaxsmith::planner"),
        ("src/plan/jax/ops.cc", ""),
        ("src/ir/hlo/parser.cc", "jaxsmith::ir"),
        ("src/levels/levels.cc", "jaxsmith"),
        ("src/base/hash.cc", "jaxsmith::source"),
        ("tools/jaxsmith/check.cc", "jaxsmith::check"),
        ("include/jaxsmith/ir.h", "std"),
    ],
)
def test_a_file_outside_its_layer_is_found(tmp_path, file, namespace):
    layers = {"src/source/names.h": inside("jaxsmith::source", "")}
    lines = found(tmp_path, {**layers, file: inside(namespace, "int f();")})
    assert len(lines) == 1 and lines[0].startswith(file + ": ")
    assert namespace in lines[0] or namespace == "" and "anonymous" in lines[0]


@pytest.mark.parametrize(
    ("file", "namespace"),
    [
        ("src/plan/jax/ops.cc", "jaxsmith::plan"),
        ("src/tensor/matrices.h", "jaxsmith::tensor::matrices"),
        ("src/ir/hlo/parser.cc", "jaxsmith::hlo"),
        ("src/ir/common/datum.h", "jaxsmith::ir"),
        ("src/base/portable_math.h", "jaxsmith::portable"),
        ("src/api/ir.cc", "jaxsmith"),
        ("tools/jaxsmith/check.cc", "jaxsmith::cli"),
        ("include/jaxsmith/ir.h", "jaxsmith"),
    ],
)
def test_a_file_in_its_layer_passes(tmp_path, file, namespace):
    assert found(tmp_path, {file: inside(namespace, "struct One {};")}) == []


def test_a_using_directive_in_a_header_is_found(tmp_path):
    text = inside("jaxsmith::plan", "using namespace tensor;\nusing tensor::Array;")
    (line,) = found(tmp_path, {"src/plan/a.h": text, "src/plan/a.cc": text})
    assert "src/plan/a.h" in line and "using namespace tensor" in line


def test_a_type_in_no_namespace_is_found(tmp_path):
    (line,) = found(tmp_path, {"tools/jaxsmith/main.cc": "struct Loose {};\nint main() {}\n"})
    assert "Loose" in line
