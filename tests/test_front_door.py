"""What a C++ program gets: cmake --install, find_package(jaxsmith), and the examples that the headers
open with, in a project of its own (tests/consumer) that sees nothing but the installation."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = Path(os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))).resolve()
BUILD = JAXSMITH.parent
HEADERS = sorted((ROOT / "include" / "jaxsmith").glob("*.h"))
TOOLS = Path(sys.executable).parent

ADD = """module @m {
  func.func public @main(%arg0: tensor<2xf32>) -> tensor<2xf32> {
    %0 = stablehlo.add %arg0, %arg0 : tensor<2xf32>
    return %0 : tensor<2xf32>
  }
}
"""


def run(*command, **more):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


def example(header):
    """The program that a header opens with, and what it says that it prints."""
    comment = re.match(r"(?://.*\n)+", header.read_text())[0]
    code, _, printed = comment.partition("// prints\n")
    lines = [line[5:] for line in code.splitlines() if line.startswith("//   ") or line == "//"]
    wanted = [line[5:] for line in printed.splitlines() if line.startswith("//   ")]
    return "\n".join(lines) + "\n", wanted


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    run(TOOLS / "cmake", "--install", BUILD, "--prefix", prefix)
    moved = prefix.parent / "moved prefix"  # nothing may depend on where it was installed first
    shutil.rmtree(moved, ignore_errors=True)
    prefix.rename(moved)
    return moved


@pytest.fixture(scope="module")
def consumer(prefix, tmp_path_factory):
    work = tmp_path_factory.mktemp("consumer")
    sources = []
    for header in HEADERS:
        program, _ = example(header)
        sources.append(work / f"{header.stem}.cc")
        sources[-1].write_text(program)
    environment = dict(os.environ, PATH=f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    run(
        TOOLS / "cmake", "-S", ROOT / "tests" / "consumer", "-B", work / "build", "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DEXAMPLES={';'.join(map(str, sources))}",
        env=environment,
    )  # fmt: skip
    run(TOOLS / "cmake", "--build", work / "build", env=environment)
    return work / "build"


def test_the_installation_holds_what_the_headers_need_and_no_more(prefix):
    installed = sorted(p.name for p in (prefix / "include").rglob("*.h"))
    assert installed == [h.name for h in HEADERS] and len(installed) <= 5
    for header in HEADERS:
        for name in re.findall(r"#include [<\"]([^>\"]+)", header.read_text()):
            assert "/" not in name or name.startswith("jaxsmith/"), f"{header.name}: {name}"


@pytest.mark.parametrize("header", HEADERS, ids=lambda h: h.stem)
def test_the_example_that_a_header_opens_with_prints_what_it_says(header, consumer, tmp_path):
    _, wanted = example(header)
    assert wanted or header.stem == "status"  # whose example ends with status 0 or does not
    arguments = [sys.executable, ROOT / "python", tmp_path / "dataset"] * (
        header.stem == "generate"
    )
    assert run(consumer / f"example_{header.stem}", *arguments).splitlines() == wanted


def test_only_what_the_headers_name_can_be_linked_with(prefix):
    for library in (prefix / "lib").rglob("libjaxsmith*.so"):
        symbols = run("nm", "-DC", "--defined-only", library)
        names = set(re.findall(r" [TDBRVW] (?:\w+ for )?([\w:~]+)", symbols))
        assert names, library
        for name in names:
            assert re.match(
                r"jaxsmith::(IrModule|RowGrader|generate_dataset|grade_predictions)", name
            )


def test_the_readers_come_without_arrow(consumer):
    linked = run("ldd", consumer / "fold")
    assert "libjaxsmith_ir" in linked and "arrow" not in linked
    assert "libarrow" in run("ldd", consumer / "grade")


def test_a_program_runs_texts_and_sees_why_one_failed(consumer, tmp_path):
    text = tmp_path / "add.mlir"
    text.write_text(ADD)
    assert run(consumer / "fold", text, 3) == "8\n16\n"
    text.write_text(ADD.replace("stablehlo.add %arg0, %arg0", "stablehlo.add %arg0, %arg1"))
    done = subprocess.run([consumer / "fold", text, "1"], capture_output=True, text=True)
    assert done.returncode == 1 and f"{text}:3" in done.stderr
    loop = """{ lambda ; a:f32[2]. let
    b:f32[2] = while[
      body_jaxpr={ lambda ; c:f32[2]. let d:f32[2] = add c c in (d,) }
      body_nconsts=0
      cond_jaxpr={ lambda ; e:f32[2]. let  in (True:bool[],) }
      cond_nconsts=0
    ] a
  in (b,) }"""
    text.write_text(loop)
    done = subprocess.run([consumer / "fold", text, "1"], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr


def test_a_program_grades_predictions_as_the_command_does(consumer, tmp_path):
    dataset = tmp_path / "dataset"
    run(JAXSMITH, "generate", "--count", "20", "--out", dataset, "--redo", "0")
    rows = pq.read_table(dataset / "data", columns=["id", "stablehlo"]).to_pylist()
    predictions = tmp_path / "predictions.jsonl"
    texts = [(r["id"], r["stablehlo"]) for r in rows] + [(rows[0]["id"], "nonsense")]
    predictions.write_text(
        "".join(json.dumps({"id": i, "level": "stablehlo", "text": t}) + "\n" for i, t in texts)
    )
    verdicts = tmp_path / "verdicts.parquet"
    run(JAXSMITH, "score", predictions, "--dataset", dataset, "--out", verdicts)
    right = sum(pq.read_table(verdicts, columns=["agrees"])["agrees"].to_pylist())
    assert right > 10
    assert run(consumer / "grade", predictions, dataset) == f"{right} of {len(texts)}\n"


def test_arrow_is_found_where_pyarrow_is_now(prefix, tmp_path):
    """The folder that was recorded is gone: the Python that is found says where pyarrow is."""
    copy = tmp_path / "prefix"
    shutil.copytree(prefix, copy, symlinks=True)
    config = next(copy.rglob("jaxsmithConfig.cmake"))
    folder = pyarrow.get_library_dirs()[0]
    text = config.read_text()
    assert str(Path(folder).resolve()) in text or folder in text
    config.write_text(re.sub(r'(set\(jaxsmith_folder) "[^"]*"', r'\1 "/nonexistent"', text))
    environment = dict(os.environ, PATH=f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    command = [TOOLS / "cmake", "-S", ROOT / "tests" / "consumer", "-G", "Ninja"]
    command += [f"-DCMAKE_PREFIX_PATH={copy}"]
    run(
        *command, "-B", tmp_path / "with", f"-DPython3_EXECUTABLE={sys.executable}", env=environment
    )
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\nexit 1\n")
    bare.chmod(0o755)
    done = subprocess.run(
        [*map(str, command), "-B", tmp_path / "without", f"-DPython3_EXECUTABLE={bare}"],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert done.returncode != 0 and "install pyarrow" in done.stderr


PLAIN = """cmake_minimum_required(VERSION 3.24)
project(plain LANGUAGES CXX)
find_package(jaxsmith 0.1 MORE)
foreach(target ir jaxsmith)
  if(TARGET jaxsmith::${target})
    message("has ${target}")
  endif()
endforeach()
message("found ${jaxsmith_FOUND}")
"""


@pytest.mark.parametrize(("more", "targets"), [("", ["ir", "jaxsmith"]), ("COMPONENTS ir", ["ir"])])
def test_without_components_all_targets_are_there(prefix, tmp_path, more, targets):
    (tmp_path / "CMakeLists.txt").write_text(PLAIN.replace("MORE", more))
    environment = dict(os.environ, PATH=f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run(
        [TOOLS / "cmake", "-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja",
         f"-DCMAKE_PREFIX_PATH={prefix}"],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    said = done.stderr.splitlines()
    assert [line for line in said if line.startswith(("has", "found"))] == [
        *(f"has {target}" for target in targets),
        "found 1",
    ], done.stderr
