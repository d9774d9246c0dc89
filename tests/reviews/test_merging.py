"""What people wrote and what Tocsin drafts, merged line by line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import TransitionRefused
from bot.reviews.messages.drafting import draft
from bot.reviews.messages.renderings import to_markdown
from bot.reviews.messages.sections.summary import with_executive
from bot.reviews.rules.document import Line, Nature, Review, Section
from bot.reviews.rules.merging import EDITABLE, Edit, as_written, base_of, in_field, lines_of, merge
from bot.reviews.rules.stages import ALLOWED, Stage, Step, check_editable, check_stage
from bot.reviews.tables import from_json, to_json
from tests.reviews.review_facts import HOSTILE, full_facts, full_incident, hostile_facts, minute
from tests.support.steps import growth

DRAFT = draft(full_facts(), minute(51))


def edit(section: str, text: str, of: Review = DRAFT, *, version: int = 1, by: str = "Manager") -> Edit:
    return Edit(section, version, text, base_of(of.section(section)), by, minute(60 + version))


def shown(section: str, *edits: Edit, of: Review = DRAFT) -> list[Line]:
    return list(merge(of, edits).section(section).lines)


def as_text(section: str, of: Review = DRAFT) -> str:
    """What the field holds when somebody begins to edit."""
    return in_field(*base_of(of.section(section)))


@pytest.mark.parametrize("section", EDITABLE)
def test_saving_a_section_as_it_was_changes_no_fact(section: str) -> None:
    before = [line for line in DRAFT.section(section).lines if line.nature is not Nature.ASKED]
    after = [line for line in shown(section, edit(section, as_text(section))) if line.nature is not Nature.ASKED]
    assert after == before


def test_a_line_that_somebody_wrote_is_theirs_and_is_named_in_the_note() -> None:
    merged = merge(DRAFT, [edit("went_well", as_text("went_well") + "\n- Support answered every caller")])
    section = merged.section("went_well")
    assert section.lines[-1] == Line("Support answered every caller", Nature.WRITTEN, by="Manager")
    assert section.note is not None and section.note.startswith("Edited by Manager, 2026-11-20 15:31 UTC.")
    assert "what went well, from" not in to_markdown(merged), "the question is answered"


def test_a_labelled_line_that_somebody_changed_replaces_the_drafted_one() -> None:
    text = as_text("root_cause").replace("Database connection pool exhausted", "Transactions stayed open")
    lines = shown("root_cause", edit("root_cause", text))
    causes = [line for line in lines if line.label == "Primary cause"]
    assert causes == [Line("Transactions stayed open", Nature.WRITTEN, label="Primary cause", by="Manager")]


def test_what_is_recorded_afterwards_is_added_and_marked() -> None:
    text = as_text("root_cause").replace("Database connection pool exhausted", "Transactions stayed open")
    later = draft(full_facts(incident=full_incident(cause="A leak in release 212")), minute(90))
    lines = shown("root_cause", edit("root_cause", text), of=later)
    assert [(line.text, line.nature, line.fresh) for line in lines if line.label == "Primary cause"] == [
        ("Transactions stayed open", Nature.WRITTEN, False),
        ("A leak in release 212", Nature.RECORDED, True),
    ]
    assert "(recorded after the edit)" in to_markdown(merge(later, [edit("root_cause", text)]))


def test_a_line_that_nobody_touched_follows_the_draft() -> None:
    later = draft(full_facts(incident=full_incident(impact="20 % of requests failed")), minute(90))
    text = as_text("summary") + "\nNobody was charged twice"
    lines = shown("summary", edit("summary", text), of=later)
    assert [line.text for line in lines if line.label == "Customer impact"] == ["20 % of requests failed"]
    assert lines[-1].text == "Nobody was charged twice"


def test_a_line_that_somebody_removed_stays_away() -> None:
    kept = [line for line in base_of(DRAFT.section("could_improve")) if "esolve" not in line]
    lines = shown("could_improve", edit("could_improve", "\n".join([*kept, "Look at the pool first"])))
    assert [line.text for line in lines if "resolve" in line.text.lower()] == []


def test_a_question_stays_until_it_is_answered() -> None:
    bare = draft(full_facts(incident=full_incident(impact=None, cause=None), services=()), minute(51))
    text = as_text("summary", bare) + "\nCustomer impact: 15 % of requests failed"
    merged = merge(bare, [edit("summary", text, bare)])
    asked = {line.label for line in merged.section("summary").lines if line.nature is Nature.ASKED}
    assert asked == {"Services affected"}
    (impact,) = [line for line in with_executive(merged).section("executive").lines if line.label == "Impact"]
    assert (impact.text, impact.nature) == ("15 % of requests failed", Nature.WRITTEN)


def test_a_draft_of_before_whose_gaps_name_facts_too_loses_those_that_somebody_wrote() -> None:
    asked = tuple(Line(f"Nobody recorded {what}.", Nature.ASKED) for what in ("the root cause", "what resolved it"))
    old = replace(DRAFT, sections=(*DRAFT.sections[:-1], Section("gaps", "Gaps in the record", asked)))
    merged = merge(old, [edit("root_cause", "Primary cause: the pool", old)])
    assert [line.text for line in merged.section("gaps").lines] == ["Nobody recorded what resolved it."]


def test_each_line_belongs_to_who_wrote_it_first() -> None:
    first = edit("went_well", "Support knew at once", by="Team lead")
    second = edit("went_well", "Support knew at once\nThe pool was found fast", version=2, by="Manager")
    assert [(line.text, line.by) for line in shown("went_well", first, second) if line.nature is Nature.WRITTEN] == [
        ("Support knew at once", "Team lead"),
        ("The pool was found fast", "Manager"),
    ]


def test_what_people_write_can_break_nothing() -> None:
    merged = merge(DRAFT, [edit("went_well", HOSTILE)])
    markdown = to_markdown(merged)
    assert "<script>" not in markdown
    assert "\n# head" not in markdown
    assert from_json(to_json(merged)) == merged


def test_hostile_facts_that_somebody_left_alone_are_still_recognised() -> None:
    hostile = draft(hostile_facts(), minute(51))
    lines = shown("root_cause", edit("root_cause", as_text("root_cause", hostile), hostile), of=hostile)
    assert not [line for line in lines if line.nature is Nature.WRITTEN or line.fresh]


WORDS = st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=6).map("\n".join)


@given(text=WORDS, cause=st.none() | st.text(max_size=20), later=st.none() | st.text(max_size=20))
def test_no_later_draft_takes_away_or_alters_what_a_person_wrote(
    text: str, cause: str | None, later: str | None
) -> None:
    before = draft(full_facts(incident=full_incident(cause=cause)), minute(51))
    after = draft(full_facts(incident=full_incident(cause=later), contributing=(later or "",)), minute(90))
    base = base_of(before.section("root_cause"))
    merged = merge(after, [Edit("root_cause", 1, text, base, "Manager", minute(60))])
    lines = merged.section("root_cause").lines
    theirs = [as_written(line) for line in lines if line.nature is Nature.WRITTEN]
    assert [line.casefold() for line in theirs] == [line.casefold() for line in lines_of(text) if line not in base]
    recorded = {as_written(line) for line in after.section("root_cause").lines if line.nature is not Nature.ASKED}
    on_page = {as_written(line) for line in lines}
    assert recorded - set(base) <= on_page, "what was recorded since is there"


@pytest.mark.parametrize("current", Stage)
@pytest.mark.parametrize("wanted", Stage)
def test_every_pair_of_stages_is_allowed_or_refused_with_a_sentence(current: Stage, wanted: Stage) -> None:
    if wanted in ALLOWED[current]:
        check_stage("INC-2026-0001", current, wanted)
        return
    with pytest.raises(
        TransitionRefused, match=r"The review of INC-2026-0001 (was|is already)|Changes to the review of"
    ):
        check_stage("INC-2026-0001", current, wanted, "Manager at noon")


def test_an_approved_review_is_not_edited() -> None:
    with pytest.raises(TransitionRefused, match="approved by Manager at noon and can't be edited"):
        check_editable("INC-2026-0001", Stage.APPROVED, "Manager at noon")
    for stage in set(Stage) - {Stage.APPROVED}:
        check_editable("INC-2026-0001", stage)


def test_the_document_says_where_it_stands() -> None:
    steps = (Step(Stage.DRAFT, minute(51), None), Step(Stage.APPROVED, minute(80), "Manager"))
    approved = replace(DRAFT, stage=Stage.APPROVED, steps=steps)
    assert "_Approved by Manager, 2026-11-20 15:50 UTC. From the record as of 2026-11-20 15:21 UTC" in to_markdown(
        approved
    )
    assert from_json(to_json(approved)) == approved


@pytest.mark.parametrize(
    "line", ["x", "line {i}", "Primary cause: {i}", "Primary cause: x", "- {i} Support answered"], ids=str
)
def test_merging_takes_as_many_steps_as_there_are_lines(line: str) -> None:
    def make(lines: int) -> Callable[[], object]:
        text = "\n".join(line.format(i=i) for i in range(lines))
        versions = [edit("root_cause", text, version=version, by=f"Editor {version}") for version in (1, 2, 3)]
        return lambda: merge(DRAFT, versions)

    assert growth(make) < 5


def test_merging_a_draft_of_many_lines_of_one_label_takes_as_many_steps_as_there_are_lines() -> None:
    def make(lines: int) -> Callable[[], object]:
        drafted = tuple(Line(f"factor {i}", Nature.RECORDED, label="Contributing factor") for i in range(lines))
        sections = tuple(replace(one, lines=drafted) if one.name == "root_cause" else one for one in DRAFT.sections)
        long = replace(DRAFT, sections=sections)
        return lambda: merge(long, [edit("root_cause", as_text("root_cause", long) + "\nand more", long)])

    assert growth(make) < 5


def test_a_line_belongs_to_who_wrote_it_first_until_somebody_took_it_out() -> None:
    versions = [
        edit("went_well", "kept\nback again", version=1, by="First"),
        edit("went_well", "kept", version=2, by="Second"),
        edit("went_well", "kept\nback again\nnew", version=3, by="Third"),
    ]
    by = {line.text: line.by for line in shown("went_well", *versions) if line.nature is Nature.WRITTEN}
    assert by == {"kept": "First", "back again": "Third", "new": "Third"}
