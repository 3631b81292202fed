"""Words that Python and C++ share are the same on both sides."""

import re
from pathlib import Path

import pytest
from jaxsmith.base.words import CheckStatus, LevelCheck, Origin
from jaxsmith.levels import TABLE, Reach
from jaxsmith.worker.serve import Route

ROOT = Path(__file__).resolve().parent.parent


def words_of(enumeration):
    """Those that a header gives it (src/base/words.h)."""
    form = re.compile(rf"words_of\({enumeration}\) {{\s*return {{([^}}]*)}};")
    found = [form.search(header.read_text()) for header in (ROOT / "src").rglob("*.h")]
    (words,) = [match[1] for match in found if match]
    return re.findall(r'"([^"]*)"', words)


@pytest.mark.parametrize("enumeration", [Origin, CheckStatus, Route])
def test_enumerations_have_the_same_words(enumeration):
    assert list(enumeration) == words_of(enumeration.__name__)


def test_checks_of_a_level_are_checks():
    assert set(LevelCheck) <= set(words_of("CheckKind"))


def test_levels_reach_stages_that_are_known():
    assert {level.reach for level in TABLE.values()} <= set(Reach)
