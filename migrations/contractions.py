"""What of a migration the version before could trip over: everything but adding what it need not know of.

While an upgrade goes on, the version before works on the new tables. So a migration only expands, unless it says with
`NEEDS = "0011"` from which migration on the code can do without what it takes away or newly demands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

_NAME = r'"?(\w+)"?'
_NEW_TABLE = re.compile(rf"create table {_NAME}")
_NEW_COLUMN = re.compile(rf"alter table {_NAME} add column {_NAME} ")
_NEW_INDEX = re.compile(rf"create (unique )?index (?:concurrently )?{_NAME} on {_NAME}")
_OLD_INDEX = re.compile(rf"drop index (?:concurrently )?if exists {_NAME}")
_REFERENCE = re.compile(rf"alter table {_NAME} add constraint \w+ foreign key ?\({_NAME}\)")
_UNIQUE = re.compile(rf"alter table {_NAME} add constraint \w+ unique ?\((.+)\)$")
_NEW_ROWS = re.compile(rf"insert into {_NAME}")
_HARMLESS = ("set local lock_timeout", "create function ")


def statements(migration: ModuleType) -> list[str]:
    """What its `upgrade` runs, as one line of lower case each; no database is asked."""
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True})
    found: list[str] = []
    context.impl.static_output = found.append  # type: ignore[assignment]  # the library has it as a method
    with Operations.context(context):
        migration.upgrade()
    return [line for text in found if (line := " ".join(text.lower().split()).rstrip(";")) not in ("begin", "commit")]


def contractions(found: list[str]) -> list[str]:
    """Those of a migration's statements that do more than add."""
    return list(_contractions(found))


def _contractions(found: list[str]) -> Iterator[str]:
    tables = {match[1] for text in found if (match := _NEW_TABLE.match(text))}
    columns = {(match[1], match[2]) for text in found if (match := _NEW_COLUMN.match(text))}
    indexes = {match[2] for text in found if (match := _NEW_INDEX.match(text))}
    for text in found:
        if _NEW_TABLE.match(text) or text.startswith(_HARMLESS):
            continue
        if match := _NEW_COLUMN.match(text):
            if "not null" not in text or "default" in text:
                continue
        elif match := _NEW_INDEX.match(text):
            if not match[1] or match[3] in tables:
                continue
        elif match := _NEW_ROWS.match(text):
            if match[1] in tables:
                continue
        elif match := _REFERENCE.match(text):
            if match[1] in tables or (match[1], match[2]) in columns:
                continue
        elif match := _UNIQUE.match(text):
            if any((match[1], name.strip(' "')) in columns for name in match[2].split(",")):
                continue  # the version before leaves that column empty
        elif (match := _OLD_INDEX.match(text)) and match[1] in indexes:
            continue  # half made by an upgrade that was broken off
        yield text
