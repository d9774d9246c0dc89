"""What the house rules say and import-linter does not see."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
import slack_playground

HOUSE = Path(bot.__file__).parent
ROOT = HOUSE.parent
README = ROOT / "README.md"
LARGEST = 400  # lines of a file
MOST_FILES = 13  # of a folder, its __init__ included

PACKAGES_ROOTS = (HOUSE, Path(slack_playground.__file__).parent)
FOLDERS = sorted(
    path.stem
    for path in HOUSE.iterdir()
    if (path.is_dir() and (path / "__init__.py").exists()) or (path.suffix == ".py" and path.stem != "__init__")
)
PACKAGES = sorted(
    path.parent.relative_to(ROOT).as_posix() for root in PACKAGES_ROOTS for path in root.rglob("__init__.py")
)
MODULES = sorted(path.relative_to(ROOT).as_posix() for root in PACKAGES_ROOTS for path in root.rglob("*.py"))
OURS = [name for name in MODULES if name.startswith("bot/")]
RULES = [name for name in OURS if re.search(r"/rules(/|\.py)", name)]


def syntax(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def mapped() -> list[str]:
    """The names in the README's map: the fenced block under a line `bot/`, two spaces and a name on each line."""
    blocks = re.findall(
        r"^```[^\n]*\nbot/[^\n]*\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) == 1, "README.md holds one fenced block that begins with bot/"
    return re.findall(r"^  (\w+)(?:\.py|/)?(?:\s|$)", blocks[0], re.MULTILINE)


def test_the_map_in_the_readme_names_every_folder_and_no_other() -> None:
    assert sorted(mapped()) == FOLDERS


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_holds(package: str) -> None:
    assert ast.get_docstring(syntax(f"{package}/__init__.py")), f"{package}/__init__.py says nothing"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(syntax(module)), f"{module} says nothing"


@pytest.mark.parametrize("module", MODULES)
def test_no_file_is_longer_than_one_can_hold_in_mind(module: str) -> None:
    if module == "bot/severity/judge/phrases.py":
        return  # lists of words
    lines = (ROOT / module).read_text(encoding="utf-8").count("\n")
    assert lines <= LARGEST, f"{module} has {lines} lines: it is two files"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_folder_holds_more_than_one_can_see_at_once(package: str) -> None:
    files = sorted(path.name for path in (ROOT / package).glob("*.py"))
    assert len(files) <= MOST_FILES, f"{package} has {len(files)} files: it is two folders"


def imported(module: str) -> Iterator[str]:
    for node in ast.walk(syntax(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("module", RULES)
def test_rules_import_the_standard_library_and_rules_only(module: str) -> None:
    foreign = [name for name in imported(module) if name.split(".")[0] not in sys.stdlib_module_names]
    pure = re.compile(r"bot\.(errors|text(\..*)?|\w+\.rules(\..*)?)$")
    assert [name for name in foreign if not pure.match(name)] == []


def called(module: str) -> Iterator[str]:
    """Dotted names as they are written, of everything the module reads an attribute of or calls."""
    for node in ast.walk(syntax(module)):
        if isinstance(node, ast.Attribute | ast.Name):
            yield ast.unparse(node)


def exempt(module: str, *places: str) -> bool:
    return any(module == f"bot/{place}" or module.startswith(f"bot/{place}/") for place in places)


@pytest.mark.parametrize("module", [name for name in OURS if not exempt(name, "wiring", "console", "demo")])
def test_time_is_an_argument(module: str) -> None:
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "datetime.datetime.now"}
    assert not clocks & set(called(module)), f"{module} reads the clock"


@pytest.mark.parametrize("module", [name for name in OURS if not exempt(name, "settings.py", "demo")])
def test_only_the_settings_read_the_environment(module: str) -> None:
    assert not {"os.environ", "os.getenv", "environ", "getenv"} & set(called(module))


@pytest.mark.parametrize("module", [name for name in OURS if not exempt(name, "store/engine.py", "demo")])
def test_only_the_transaction_commits(module: str) -> None:
    commits = [name for name in called(module) if name.endswith(("session.commit", "session.rollback"))]
    assert commits == [], f"{module}: {commits}"


@pytest.mark.parametrize("module", [name for name in OURS if "/flows/" in name or name.endswith("/flows.py")])
def test_flows_write_no_slack(module: str) -> None:
    """Sentences live in messages: a flow neither mentions people in markup nor names a command to type."""
    source = (ROOT / module).read_text(encoding="utf-8")
    assert [word for word in ("<@", "/incident") if word in source] == []
