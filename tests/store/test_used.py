"""Nothing is kept in the store that only tests would call."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import bot
from tests.support.source import syntax_of

_BOT = Path(bot.__file__).parent


def test_every_query_is_used_by_the_product() -> None:
    named = Counter(word for path in _BOT.rglob("*.py") for word in re.findall(r"\w+", path.read_text("utf-8")))
    files = [*_BOT.glob("*/queries.py"), *_BOT.glob("*/queries/*.py"), *_BOT.glob("store/*.py")]
    queries = [
        node.name
        for path in sorted(files)
        for node in syntax_of(path).body
        if isinstance(node, ast.FunctionDef) and not node.decorator_list  # what is registered is called by others
    ]
    assert len(queries) > 100
    assert [query for query in queries if named[query] < 2] == []
