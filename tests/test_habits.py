"""What stands beside the code: one version, one license, presets and hooks that name what is there."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def citation():
    text = (ROOT / "CITATION.cff").read_text()
    return dict(re.findall(r"^([\w-]+): (\S.*)$", text, re.MULTILINE))


def test_the_version_is_the_same_everywhere():
    cmake = re.search(r"project\(jaxsmith VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    said = subprocess.run([JAXSMITH, "--version"], capture_output=True, text=True, check=True)
    assert cmake == project()["version"] == citation()["version"] == said.stdout.split()[-1]


def test_the_license_is_that_of_the_datasets():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text and "END OF TERMS AND CONDITIONS" in text
    assert project()["license"] == citation()["license"] == "Apache-2.0"
    assert project()["license-files"] == ["LICENSE"]
    assert "license: apache-2.0" in (ROOT / "src" / "store" / "card.cc").read_text()


def test_cmake_reads_the_presets_and_each_can_be_built_and_tested():
    cmake = Path(sys.executable).parent / "cmake"
    for kind in ("configure", "build", "test", "workflow"):
        done = subprocess.run(
            [cmake, f"--list-presets={kind}"], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        found = set(re.findall(r'"([\w-]+)"', done.stdout))
        assert found == {"dev", "release", "asan-ubsan", "tsan", "tidy"}, kind


def test_options_of_the_presets_are_options_of_the_build():
    known = "".join(p.read_text() for p in [ROOT / "CMakeLists.txt", *ROOT.glob("cmake/*.cmake")])
    for preset in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]:
        for name in preset.get("cacheVariables", {}):
            assert name.startswith("CMAKE_") or f"set({name} " in known, name


def test_hooks_and_their_tools_are_there():
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    assert "repo: http" not in text  # nothing is fetched
    for entry in re.findall(r"entry: (.*)", text):
        for word in entry.split():
            if "/" in word:
                assert (ROOT / word).exists(), entry
