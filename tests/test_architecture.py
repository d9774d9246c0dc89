"""What the house rules say and import-linter does not see."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot

HOUSE = Path(bot.__file__).parent
README = HOUSE.parent / "README.md"

STOREYS = sorted(
    path.stem
    for path in HOUSE.iterdir()
    if (path.is_dir() and (path / "__init__.py").exists()) or (path.suffix == ".py" and path.stem != "__init__")
)
PACKAGES = sorted(path.parent.relative_to(HOUSE.parent).as_posix() for path in HOUSE.rglob("__init__.py"))
MODULES = sorted(path.relative_to(HOUSE).as_posix() for path in HOUSE.rglob("*.py"))


def syntax(module: str) -> ast.Module:
    return ast.parse((HOUSE / module).read_text(encoding="utf-8"))


def mapped() -> list[str]:
    """The names in the README's map: the fenced block under a line `bot/`, two spaces and a name on each line."""
    blocks = re.findall(
        r"^```[^\n]*\nbot/[^\n]*\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) == 1, "README.md holds one fenced block that begins with bot/"
    return re.findall(r"^  (\w+)(?:\.py|/)?(?:\s|$)", blocks[0], re.MULTILINE)


def test_the_map_in_the_readme_names_every_storey_and_no_other() -> None:
    assert sorted(mapped()) == STOREYS


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_states_its_law(package: str) -> None:
    law = ast.get_docstring(ast.parse((HOUSE.parent / package / "__init__.py").read_text(encoding="utf-8")))
    assert law, f"{package}/__init__.py says nothing"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(syntax(module)), f"bot/{module} says nothing"


def imported(module: str) -> Iterator[str]:
    for node in ast.walk(syntax(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("domain/")])
def test_the_domain_imports_the_standard_library_only(module: str) -> None:
    foreign = [name for name in imported(module) if name.split(".")[0] not in sys.stdlib_module_names]
    assert [name for name in foreign if not name.startswith("bot.domain")] == []


def called(module: str) -> Iterator[str]:
    """Dotted names as they are written, of everything the module reads an attribute of or calls."""
    for node in ast.walk(syntax(module)):
        if isinstance(node, ast.Attribute | ast.Name):
            yield ast.unparse(node)


def exempt(module: str, *places: str) -> bool:
    return any(module == place or module.startswith(f"{place}/") for place in places)


@pytest.mark.parametrize("module", [name for name in MODULES if not exempt(name, "wiring", "console", "playground")])
def test_time_is_an_argument(module: str) -> None:
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "datetime.datetime.now"}
    assert not clocks & set(called(module)), f"bot/{module} reads the clock"


@pytest.mark.parametrize("module", [name for name in MODULES if not exempt(name, "settings.py", "playground")])
def test_only_the_settings_read_the_environment(module: str) -> None:
    assert not {"os.environ", "os.getenv", "environ", "getenv"} & set(called(module))


@pytest.mark.parametrize("module", [name for name in MODULES if not exempt(name, "store/engine.py", "playground")])
def test_only_the_transaction_commits(module: str) -> None:
    commits = [name for name in called(module) if name.endswith(("session.commit", "session.rollback"))]
    assert commits == [], f"bot/{module}: {commits}"
