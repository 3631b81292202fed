"""The steps of CONTRIBUTING.md's "Adding a level", carried out on a copy of the sources."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith")).resolve()
BUILD = PROGRAM.parent
TOOLS = Path(sys.executable).parent  # the pinned cmake and ninja
STEP = re.compile(
    r"^A (?:new file|line at the end of) `(?P<path>[^`]+)`:\n\n```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
TABLE, FOLDER = "src/levels/levels.def", "src/ir/echo/"


def steps() -> list[re.Match]:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    start = page.index("## Adding a level")
    end = page.find("\n## ", start + 1)
    return list(STEP.finditer(page[start : end if end > 0 else None]))


def run(*command: object, **options) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=600, **options
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


def dependents() -> set[str]:
    """The sources that the build compiles anew when the table changes."""
    out, source = set(), ""
    for line in run(TOOLS / "ninja", "-C", BUILD, "-t", "deps").splitlines():
        if line and not line.startswith(" "):
            source = line.split(":")[0]
        elif line.strip().endswith(TABLE) and "jaxsmith_lib.dir" in source:
            out.add(source.partition("jaxsmith_lib.dir/")[2].removesuffix(".o"))
    return out


def compiled(source: str, top: Path) -> Path:
    """A file of the copy, compiled as the build compiles those of the library."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    pattern = "src/levels/levels.cc"
    command = next(c["command"] for c in commands if c["file"] == str(ROOT / pattern))
    out = top / (source.replace("/", "-") + ".o")
    words = []
    for word in shlex.split(command):
        word = word.replace(f"-I{ROOT}/src", f"-I{top}/src")
        words.append(str(top / source) if word == str(ROOT / pattern) else word)
    words[words.index("-o") + 1] = str(out)
    run(*words, cwd=BUILD)
    return out


def linked(objects: list[Path], out: Path) -> None:
    """The program, with these objects in front of the library, in which those of before lie."""
    commands = run(TOOLS / "ninja", "-C", BUILD, "-t", "commands", "-s", "jaxsmith")
    link = next(part for part in commands.split("&&") if " -o jaxsmith " in part)
    words = shlex.split(link)
    words[words.index("-o") + 1] = str(out)
    library = next(i for i, word in enumerate(words) if word.endswith("libjaxsmith.a"))
    run(*words[:library], *objects, *words[library:], cwd=BUILD)


class Echo:
    """jaxsmith with the level: its program, its Python package, and a dataset."""

    def __init__(self, top: Path):
        shutil.copytree(ROOT / "src", top / "src")
        ignored = shutil.ignore_patterns("__pycache__", "_core*", "_table.py")
        shutil.copytree(ROOT / "python" / "jaxsmith", top / "python" / "jaxsmith", ignore=ignored)
        self.touched = [step["path"] for step in steps()]
        for step in steps():
            path = top / step["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                file.write(step["text"])
        sources = [*dependents(), *(p for p in self.touched if p.endswith(".cc"))]
        self.program = top / "jaxsmith"
        linked([compiled(source, top) for source in sources], self.program)
        table = top / "python" / "jaxsmith" / "levels" / "_table.py"
        script = ROOT / "cmake" / "PythonLevels.cmake"
        run(TOOLS / "cmake", f"-DPROGRAM={self.program}", f"-DOUT={table}", "-P", script)
        self.environment = {
            **os.environ,
            "JAXSMITH_PYTHON_PATH": str(top / "python"),
            "PYTHONPATH": str(top / "python"),
            "JAX_PLATFORMS": "cpu",
        }
        self.dataset = top / "dataset"
        self.jaxsmith(
            *("generate", "--count", 5, "--levels", "jaxpr,echo", "--workers", 1),
            *("--out", self.dataset),
        )

    def jaxsmith(self, *arguments: object) -> str:
        return run(self.program, *arguments, env=self.environment)

    def python(self, code: str) -> str:
        return run(sys.executable, "-c", code, env=self.environment, cwd=self.dataset)


@pytest.fixture(scope="module")
def echo(tmp_path_factory) -> Echo:
    return Echo(tmp_path_factory.mktemp("echo"))


def test_it_touches_its_own_folder_and_the_table(echo):
    assert sum(path == TABLE for path in echo.touched) == 1
    others = [path for path in echo.touched if path != TABLE]
    assert others and all(path.startswith(FOLDER) for path in others)
    line = next(step["text"] for step in steps() if step["path"] == TABLE)
    assert len(line.strip().splitlines()) == 1


def test_only_the_table_is_compiled_again(echo):
    assert dependents() == {"src/levels/levels.cc"}


def test_rows_have_it_and_what_was_asked_for_beside_it(echo):
    table = parquet.read_table(echo.dataset / "data")
    rows = table.to_pylist()
    assert len(rows) == 5
    for row in rows:
        assert row["jaxpr"] and row["echo"].startswith("MODULE @JIT_")
        assert not row["stablehlo"] and not row["hlo"] and not row["hlo_optimized"]
        counts = {entry["op"]: entry["count"] for entry in row["op_counts_echo"]}
        assert sum(counts.values()) == row["echo"].count("STABLEHLO.")
        lines = row["echo"].splitlines()
        assert row["spans_echo"]
        assert all(1 <= span["line"] <= len(lines) for span in row["spans_echo"])
        checks = {check["check"]: check["status"] for check in row["checks"]}
        assert checks["read:echo"] == "passed"
        assert "execute:echo" not in checks
        assert checks["execute:jaxpr"] == "passed"


def test_its_text_is_the_stablehlo_in_capital_letters(echo):
    with_both = echo.dataset.parent / "both"
    echo.jaxsmith("generate", "--count", 5, "--workers", 1, "--out", with_both)
    rows = parquet.read_table(with_both / "data").to_pylist()
    assert all(row["echo"] == row["stablehlo"].upper() for row in rows)
    assert all(row["spans_echo"] == row["spans_stablehlo"] for row in rows)
    assert all(row["hlo"] and row["hlo_optimized"] for row in rows)


def test_help_schema_card_and_manifest_say_so(echo):
    assert "echo" in echo.jaxsmith("generate", "--help")
    schema = echo.jaxsmith("schema")
    card = (echo.dataset / "README.md").read_text()
    for page in (schema, card):
        for column in ("echo", "op_counts_echo", "spans_echo"):
            assert f"| `{column}` |" in page
    assert "echo follows from StableHLO" in card
    manifest = json.loads((echo.dataset / "manifest.json").read_text())
    assert manifest["run"]["options"]["levels"] == ["jaxpr", "echo"]


def test_other_commands_know_it(echo):
    assert re.search(r"^echo +5 +5 ", echo.jaxsmith("check", "--level", "echo", echo.dataset), re.M)
    shown = echo.jaxsmith("extract", "jax.nn:softmax", "--arg", "f32[4]", "--level", "echo")
    assert shown.startswith("MODULE @JIT_SOFTMAX")
    file = echo.dataset.parent / "softmax.echo"
    file.write_text(shown)
    assert ": echo, parsed, " in echo.jaxsmith("check", file)
    for command in (["eval", file], ["eval", "--level", "echo", file]):
        done = subprocess.run([echo.program, *command], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (
            2,
            "jaxsmith eval: jaxsmith does not execute echo\n",
        )


def test_python_knows_it(echo):
    code = """
import jaxsmith
from jaxsmith.levels import LEVELS, TABLE
rows = jaxsmith.load(".")
print(LEVELS[-1], TABLE["echo"].derived_from)
print(rows[0].level("echo").split()[0], len(rows[0].spans["echo"]) > 0, "echo" in repr(rows[0]))
"""
    assert echo.python(code) == "echo stablehlo\nMODULE True True\n"
