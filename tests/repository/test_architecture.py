"""What the house rules say and import-linter does not see."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import bot
import slack_playground
from tests.support.source import syntax_of

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


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules ask of a module. Kept in place of its tree, as 800 trees slow down everything that runs after."""

    says: bool  # it begins with a docstring
    source: str
    imported: tuple[str, ...]
    read: frozenset[str]  # dotted names as they are written, of everything that it reads an attribute of or calls


@cache
def facts(module: str) -> Facts:
    tree = syntax_of(ROOT / module)
    imported: list[str] = []
    read: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported.append(node.module or "")
        elif isinstance(node, ast.Name):
            read.add(node.id)
        elif isinstance(node, ast.Attribute):
            read.add(dotted(node))
    source = (ROOT / module).read_text(encoding="utf-8")
    return Facts(bool(ast.get_docstring(tree)), source, tuple(imported), frozenset(read))


def dotted(node: ast.expr) -> str:
    """`a.b.c` as written; what is not a name, as a call's result, is `…`."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else "…"


def reading(modules: Iterable[str], names: set[str]) -> dict[str, list[str]]:
    """The modules that read one of these, with what they read."""
    return {module: found for module in modules if (found := sorted(facts(module).read & names))}


def mapped() -> list[str]:
    """The names in the README's map: the fenced block under a line `bot/`, two spaces and a name on each line."""
    blocks = re.findall(
        r"^```[^\n]*\nbot/[^\n]*\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) == 1, "README.md holds one fenced block that begins with bot/"
    return re.findall(r"^  (\w+)(?:\.py|/)?(?:\s|$)", blocks[0], re.MULTILINE)


def test_the_map_in_the_readme_names_every_folder_and_no_other() -> None:
    assert sorted(mapped()) == FOLDERS


def test_every_module_and_package_says_what_it_is_for() -> None:
    assert [module for module in MODULES if not facts(module).says] == []


def test_no_file_is_longer_than_one_can_hold_in_mind() -> None:
    lines = {module: facts(module).source.count("\n") for module in MODULES}
    assert {module: count for module, count in lines.items() if count > LARGEST} == {}, "each is two files"


def test_no_folder_holds_more_than_one_can_see_at_once() -> None:
    files = {package: len(list((ROOT / package).glob("*.py"))) for package in PACKAGES}
    assert {package: count for package, count in files.items() if count > MOST_FILES} == {}, "each is two folders"


def test_rules_import_the_standard_library_and_rules_only() -> None:
    pure = re.compile(r"bot\.(errors|text(\..*)?|\w+\.rules(\..*)?)$")
    foreign = {
        module: [
            name
            for name in facts(module).imported
            if name.split(".")[0] not in sys.stdlib_module_names and not pure.match(name)
        ]
        for module in RULES
    }
    assert {module: names for module, names in foreign.items() if names} == {}


def exempt(module: str, *places: str) -> bool:
    return any(module == f"bot/{place}" or module.startswith(f"bot/{place}/") for place in places)


def test_time_is_an_argument() -> None:
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "datetime.datetime.now"}
    assert reading((name for name in OURS if not exempt(name, "wiring", "console", "demo")), clocks) == {}


def test_only_the_settings_read_the_environment() -> None:
    environment = {"os.environ", "os.getenv", "environ", "getenv"}
    assert reading((name for name in OURS if not exempt(name, "settings.py", "demo")), environment) == {}


def test_only_the_transaction_commits() -> None:
    elsewhere = [name for name in OURS if not exempt(name, "store/engine.py", "demo")]
    commits = {
        module: [name for name in facts(module).read if name.endswith(("session.commit", "session.rollback"))]
        for module in elsewhere
    }
    assert {module: names for module, names in commits.items() if names} == {}


def test_flows_write_no_slack() -> None:
    """Sentences live in messages: a flow neither mentions people in markup nor names a command to type."""
    flows = [name for name in OURS if "/flows/" in name or name.endswith("/flows.py")]
    markup = {module: [word for word in ("<@", "/incident") if word in facts(module).source] for module in flows}
    assert {module: words for module, words in markup.items() if words} == {}
