"""SQL by sqlglot: whether it can be read, and whether it changes anything."""

from __future__ import annotations

import logging
import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from bot.playbooks.checks.finding import Checked, Effect, Problem

_DIALECTS = {"mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite", "tsql": "tsql", "athena": "athena"}
_META = re.compile(r"^\s*\\\w.*$", re.MULTILINE)  # psql's own commands: \d, \x
# Functions of PostgreSQL that do more than read.
_ACTS = re.compile(
    r"pg_(?:terminate|cancel)_backend|pg_reload_conf|pg_rotate_logfile|pg_switch_wal|pg_promote|pg_\w*advisory_\w*lock"
    r"|pg_stat_(?:statements_)?reset\w*|pg_drop_replication_slot|setval|nextval|lo_\w+|dblink_exec",
    re.IGNORECASE,
)
_READING = (exp.Query, exp.Show, exp.Describe, exp.Set, exp.Use)
_READING_WORDS = frozenset({"SHOW", "EXPLAIN", "DESCRIBE", "DESC", "SET", "BEGIN", "START", "ROLLBACK", "COMMIT"})


def check_sql(statements: str, language: str = "sql") -> Checked:
    """What the statements do, and why they cannot be read, where they cannot. Parts from a shell are not known."""
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it warns of each statement it passes over
    try:
        parsed = sqlglot.parse(_META.sub("", statements), dialect=_DIALECTS.get(language.lower(), "postgres"))
    except SqlglotError as error:
        reason = " ".join(re.sub(r"\x1b\[\d*m", "", str(error)).split())
        return Checked(Effect.UNKNOWN, (Problem(f"This is not SQL that can be read: {reason[:160]}"),))
    found = [statement for statement in parsed if statement is not None]
    return Checked(max((_effect(statement) for statement in found), default=Effect.READS))


def _effect(statement: exp.Expr) -> Effect:
    if isinstance(statement, exp.Transaction | exp.Rollback | exp.Commit):
        return Effect.READS
    if isinstance(statement, exp.Command):
        return _of_words(str(statement.this).upper(), str(statement.expression or ""))
    if not isinstance(statement, _READING):
        return Effect.CHANGES
    writes = statement.find(exp.Insert, exp.Update, exp.Delete, exp.Into, exp.Lock)
    acts = any(_ACTS.fullmatch(call.name) for call in statement.find_all(exp.Anonymous))
    return Effect.CHANGES if writes or acts else Effect.READS


def _of_words(word: str, rest: str) -> Effect:
    """Of what sqlglot passes over. EXPLAIN ANALYZE runs its statement."""
    if word == "EXPLAIN" and re.search(r"\banaly[sz]e\b", rest, re.IGNORECASE):
        return Effect.READS if re.search(r"\bselect\b", rest, re.IGNORECASE) else Effect.CHANGES
    return Effect.READS if word in _READING_WORDS else Effect.CHANGES
