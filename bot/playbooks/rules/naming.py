"""Which playbook somebody means: by its ref, the ref without its prefix, or words of its title. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

_PREFIX = re.compile(r"^(?:PB|GUIDE|DOC)-", re.IGNORECASE)
_MOST = 3


@dataclass(frozen=True, slots=True)
class Named:
    ref: str
    kind: str  # playbook or guide
    title: str


def find(typed: str, known: Iterable[Named]) -> list[Named]:
    """Those that the words can mean: one where it is clear, several where it is not, none where nothing is called so.

    A playbook is meant rather than a guide of the same name.
    """
    wanted = _words(typed)
    entries = sorted(known, key=lambda entry: (entry.kind != "playbook", entry.ref))
    for same in (_has_ref, _has_name):
        found = [entry for entry in entries if same(entry, wanted)]
        if found:
            return found[:1]
    words = set(wanted.split())
    holding = [entry for entry in entries if words and words <= set(_words(f"{entry.ref} {entry.title}").split())]
    playbooks = [entry for entry in holding if entry.kind == "playbook"]
    return playbooks if len(playbooks) == 1 else holding


def near(typed: str, known: Iterable[Named]) -> list[str]:
    """Refs that are spelled like it."""
    names = {_name(entry.ref): entry.ref for entry in known}
    return [names[name] for name in difflib.get_close_matches(_words(typed), names, n=_MOST, cutoff=0.6)]


def _has_ref(entry: Named, wanted: str) -> bool:
    return _words(entry.ref) == wanted


def _has_name(entry: Named, wanted: str) -> bool:
    return _name(entry.ref) == _words(_PREFIX.sub("", wanted.replace(" ", "-")))


def _name(ref: str) -> str:
    return _words(_PREFIX.sub("", ref))


def _words(text: str) -> str:
    """As names are compared: lower case, with single spaces between words."""
    return " ".join(re.findall(r"\w+", text.casefold()))
