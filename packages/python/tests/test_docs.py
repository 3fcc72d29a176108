"""What the documentation shows is run: doctests, and every Python block of both READMEs and the guide."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import re
from pathlib import Path

import pytest

import fortress

PACKAGE = Path(__file__).parents[1]
PROJECT = PACKAGE.parents[1]
PAGES = [PROJECT / "README.md", PACKAGE / "README.md", PROJECT / "docs" / "guide" / "python.md"]
MODULES = ["fortress", *(f"fortress.{module.name}" for module in pkgutil.iter_modules(fortress.__path__))]


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_pages(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of a page are one program, run in an empty folder. `name == value  # True` lines are checked."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.pdf").write_bytes(os.urandom(100_000))
    scope: dict[str, object] = {"__name__": "page"}
    for block in blocks:
        program = doctest.script_from_examples(block) if ">>>" in block else block
        program = re.sub(
            r"^(\s*)(.+?)  # (True|'.*'|b'.*'|\[.*\]|\{.*\}|\d+)$", r"\1assert (\2) == \3", program, flags=re.M
        )
        exec(compile(program, f"{page.name}", "exec"), scope)


@pytest.mark.parametrize("code", sorted(fortress.errors._CLASSES))
def test_every_code_has_its_class(code: str) -> None:
    made = fortress.errors.error_of(code, "text")
    assert type(made) is fortress.errors._CLASSES[code]
    assert (made.code, str(made)) == (code, "text")
    assert isinstance(made, fortress.FortressError)


def test_an_unknown_code_is_a_plain_error() -> None:
    assert type(fortress.errors.error_of("of_a_newer_core", "text")) is fortress.FortressError


def test_all_is_all() -> None:
    assert sorted(fortress.__all__) == fortress.__all__
    for name in sorted({*fortress.__all__} - {"Opener", "Recipient"}):
        assert getattr(fortress, name).__doc__, name
