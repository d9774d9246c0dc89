"""One document, several forms: Markdown, facts for Slack. Here is where Markdown is escaped, all of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from bot.reviews.messages.sections.gaps import open_questions
from bot.reviews.messages.sections.summary import EXECUTIVE
from bot.reviews.rules.document import Line, Nature, Origin, Review, ReviewSummary, Section
from bot.reviews.rules.stages import Stage, Step
from bot.text.links import web_address
from bot.text.wording import instant

_MARKS = re.compile(r"([\\`*_\[\]{}|~#$^])")  # what begins or ends something inside a line of Markdown
_MENTION = re.compile(r"(?<![\w.+-])@(?=\w)")
_AT_THE_START = re.compile(r"^(?:([+=-])|(\d{1,9})([.)]))")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def markdown_text(text: str) -> str:
    """`text` so that Markdown and HTML show it as it is, and no `@name` in it pings anybody when pasted."""
    escaped = _MARKS.sub(r"\\\1", text)
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = _AT_THE_START.sub(lambda match: f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}", escaped)
    escaped = _MENTION.sub("@\u200b", escaped)
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return f"\u2068{escaped}\u2069"  # isolated, so that the rest of the line keeps its direction
    return escaped


def to_markdown(review: Review) -> str:
    """The review as Markdown. Text of people can neither break Markdown or HTML nor ping anybody when pasted."""
    review = settled(review)
    parts = [
        f"# Post-incident review: {markdown_text(review.ref)}",
        f"**{markdown_text(review.title)}**" if review.title else "",
        f"_{markdown_text(standing(review))}_",
    ]
    parts += [_markdown_section(section) for section in review.sections]
    return "\n\n".join(part for part in parts if part) + "\n"


def settled(review: Review) -> Review:
    """The review without what to type once it is approved: what nobody recorded by then stays so."""
    return without_commands(review) if review.stage is Stage.APPROVED else review


def without_commands(review: Review) -> Review:
    """The review as somebody reads it who is not in Slack."""
    sections = (
        replace(section, lines=tuple(replace(line, command=None) for line in section.lines))
        for section in review.sections
    )
    return replace(review, sections=tuple(sections))


def standing(review: Review) -> str:
    """The review's stage in one line: "Approved by team-lead, 2026-11-20 19:50 UTC. From the record as of …"."""
    record = f"rom the record as of {instant(review.drafted_at)}; the incident is {review.status}."
    last = review.steps[-1] if review.steps else None
    if last is None or review.stage is Stage.DRAFT:
        return f"Draft f{record}"
    return f"{stage_words(last)}. F{record}"


def stage_words(step: Step) -> str:
    """One step in words: "Approved by team-lead, 2026-11-20 19:50 UTC"."""
    verb = {
        Stage.DRAFT: "Drafted",
        Stage.IN_REVIEW: "Sent for review",
        Stage.CHANGES_ASKED: "Changes requested",
        Stage.APPROVED: "Approved",
    }[step.stage]
    return f"{verb} by {step.by or 'Tocsin'}, {instant(step.at)}"


def _markdown_section(section: Section) -> str:
    head = f"## {section.title}"
    numbered = section.name == "action_items"
    lines = [
        f"{f'{index}.' if numbered and line.nature is not Nature.ASKED else '-'} {_markdown_line(line)}"
        for index, line in enumerate(section.lines, 1)
    ]
    note = f"_{markdown_text(section.note)}_" if section.note else ""
    return "\n\n".join(part for part in (head, note, "\n".join(lines)) if part)


def _markdown_line(line: Line) -> str:
    """`14:42 **Cause** by somebody: text (entry 12)`, as far as the line has these parts."""
    link = web_address(line.entries[0].permalink) if line.entries else None
    words = [f"[{line.clock}]({link})" if line.clock and link else line.clock or ""]
    words += ["📌" if line.key else "", _markdown_lead(line), _markdown_lines(line.text)]
    if line.command:
        words.append(f"Type `{line.command}`")
    if line.met is not None:
        words.append("✓ met" if line.met else "✗ missed")
    if line.fresh:
        words.append("_(recorded after the edit)_")
    if line.at is None or not link:
        words += [_markdown_origin(one) for one in line.entries]
    return " ".join(word for word in words if word)


def _markdown_lines(text: str) -> str:
    """Several lines of one entry, each broken where it was, none beginning a list or heading of its own."""
    lines = ("\u00a0" * (len(line) - len(line.lstrip())) + markdown_text(line.lstrip()) for line in text.split("\n"))
    return "  \n  ".join(lines)


def _markdown_lead(line: Line) -> str:
    """The label and who did it, ending in a colon where text follows."""
    name = markdown_text(line.by) if line.by else ""
    end = ":" if line.text else ""
    if line.nature is Nature.WRITTEN:
        name = ""  # the section's note says who edited it
    if line.label:
        return f"**{markdown_text(line.label)}**{f' by {name}' if name else ''}{end}"
    return f"**{name}**{end}" if name else ""


def _markdown_origin(origin: Origin) -> str:
    link = web_address(origin.permalink)
    if not origin.entry_id:  # the report from before the incident, which is no entry
        return f"([report]({link}))" if link else ""
    return f"([entry {origin.entry_id}]({link}))" if link else ""  # a bare number leads nobody anywhere


def summary_for_slack(review: Review) -> ReviewSummary:
    """What the message in the incident's channel says of the review; the blocks layer renders and escapes it."""
    said = [line for line in review.section(EXECUTIVE).lines if line.nature is not Nature.ASKED]
    said += [line for line in review.section("figures").lines if line.met is False]
    facts = tuple((line.label or "", line.text) for line in said)
    return ReviewSummary(review.ref, review.title, review.severity, facts, tuple(open_questions(review)))
