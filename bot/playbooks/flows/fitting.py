"""Which playbooks and guides fit an incident: by the words that match, weighed by how they did here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.diagnostics.rules.evidence import Evidence
from bot.errors import BadRequest
from bot.memory.entries.entries import Entry
from bot.memory.flows.live import Memory
from bot.memory.index.index import Match
from bot.playbooks.flows.texts import text_of
from bot.playbooks.messages import choices
from bot.playbooks.messages.choices import Fitting
from bot.playbooks.rules import naming
from bot.playbooks.rules.naming import Named
from bot.playbooks.rules.records import TrackRecord

KINDS = ("playbook", "guide")
_LOOKED_AT = 12  # matches of a kind that are weighed
_SHOWN = {"playbook": 5, "guide": 2}


def matching(memory: Memory, words: str, without: Collection[str] = ()) -> list[Match]:
    """The playbooks and guides whose words match, the best first of each kind. Asks no database."""
    return [
        match
        for kind in KINDS
        for match in memory.index.search(words, limit=_LOOKED_AT, kind=kind)
        if match.ref not in without and match.ref in memory.entries
    ]


def fitting(
    memory: Memory,
    matches: Sequence[Match],
    records: Mapping[str, TrackRecord],
    first: Sequence[str] = (),
    diagnosed: Collection[str] = (),
) -> list[Fitting]:
    """What to show, best first: playbooks, then guides. `first` are refs that come before all others.

    `diagnosed` are those that a diagnosis pointed to.
    """
    weighed = sorted(
        (-match.score * records.get(match.ref, TrackRecord()).weight, match.ref, match) for match in matches
    )
    found = [one for _, _, match in weighed if (one := _fitting(memory.entries[match.ref], match, records))]
    words = {one.ref: one.words for one in found}
    leading = [memory.entries[ref] for ref in dict.fromkeys(first) if ref in memory.entries]
    ahead = [one for entry in leading if (one := _fitting(entry, None, records))]
    ahead = [replace(one, words=words.get(one.ref, ()), diagnosed=one.ref in diagnosed) for one in ahead]
    found = [*ahead, *(one for one in found if one.ref not in {each.ref for each in ahead})]
    return [one for kind in KINDS for one in [one for one in found if one.kind == kind][: _SHOWN[kind]]]


def _fitting(entry: Entry, match: Match | None, records: Mapping[str, TrackRecord]) -> Fitting | None:
    """None for an entry that holds nothing to work through."""
    try:
        text = text_of(entry)
    except BadRequest:
        return None
    words = tuple(term.text for term in match.terms[:5]) if match else ()
    record = records.get(entry.ref, TrackRecord())
    return Fitting(entry.ref, entry.kind, entry.title, len(text.steps), text.claim, words, record)


def named_by(evidence: Evidence | None, memory: Memory) -> list[str]:
    """The playbooks and guides that the last diagnoses point to, those of the heaviest findings first."""
    if evidence is None:
        return []
    refs = [ref for one in evidence.found for ref in one.finding.refs]
    refs += [ref for one in evidence.found for ref in one.finding.likely]
    return [ref for ref in dict.fromkeys(refs) if ref in memory.entries and memory.entries[ref].kind in KINDS]


def find_entry(memory: Memory, typed: str) -> Entry:
    """The playbook or guide that these words mean. Raises BadRequest, with what there is, for none and for several."""
    known = [Named(entry.ref, entry.kind, entry.title) for entry in memory.entries.values() if entry.kind in KINDS]
    found = naming.find(typed, known)
    if len(found) == 1:
        return memory.entries[found[0].ref]
    if found:
        raise BadRequest(choices.several(typed, [entry.ref for entry in found]))
    raise BadRequest(choices.unknown(typed, naming.near(typed, known)))
