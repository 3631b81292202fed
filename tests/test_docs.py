"""What is written about the program is what the program does."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_page_of_columns_is_current():
    assert (ROOT / "docs" / "schema.md").read_text() == output(JAXSMITH, "schema")


def test_flags_that_pages_name_are_there():
    known = set(re.findall(r"--[a-z][a-z-]+", output(JAXSMITH, "generate", "--help")))
    for page in (ROOT / "README.md", ROOT / "docs" / "architecture.md"):
        for line in page.read_text().splitlines():
            if "jaxsmith generate" in line:
                assert set(re.findall(r"--[a-z][a-z-]+", line)) <= known, line


def test_make_targets_that_the_readme_names_are_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE))
        assert named <= targets, page.name


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([\w./-]+\.\w+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_layers_hold_and_the_check_sees_what_breaks_them(tmp_path):
    script = ROOT / "tools" / "check_layers.py"
    assert output(script) == ""
    for folder, include in (
        ("base", "plan/op.h"),
        ("ir/hlo", "ir/jaxpr/lexer.h"),
        ("novel", "base/status.h"),
        ("source", "plan/jax/catalogue.h"),  # a back end's own
        ("score", "jaxsmith/ir.h"),  # the front door, which only api stands behind
    ):
        src = tmp_path / folder.replace("/", "_")
        (src / folder).mkdir(parents=True)
        (src / folder / "a.h").write_text(f'#include "{include}"\n')
        done = subprocess.run([script, src], capture_output=True, text=True)
        assert done.returncode == 1 and folder in done.stdout


def test_the_back_ends_own_names_stand_in_no_text_of_other_layers(tmp_path):
    script = ROOT / "tools" / "check_layers.py"
    lines = {
        'bool is_loop() { return has("lax.scan("); }': True,
        'const char* rows = R"rows(\njax.nn.relu\n)rows";': True,
        'char c = \'"\'; const char* call = "jnp.sum($0)";': True,
        '// jnp.sum("lax.scan")': False,
        'const char* word = "relax.and";': False,
    }
    for folder, may in (("plan", False), ("source", False), ("plan/jax", True)):
        for number, (line, is_spelling) in enumerate(lines.items()):
            src = tmp_path / f"{folder.replace('/', '_')}_{number}"
            (src / folder).mkdir(parents=True)
            (src / folder / "a.cc").write_text(line + "\n")
            done = subprocess.run([script, src], capture_output=True, text=True)
            refused = is_spelling and not may
            assert done.returncode == refused and ("vocabulary" in done.stdout) == refused, line
