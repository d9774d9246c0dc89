"""The timeline of the review: what was done, always; what was said, as far as it can be read."""

from __future__ import annotations

from bot.domain.review.document import Line, Section
from bot.domain.review.record import Record, origin
from bot.domain.review.wording import LONGEST_SAYING, Wording, counted
from bot.domain.timeline import Entry, Kind

MOST_UNMARKED_MESSAGES = 20  # beyond that, chatter hides the story

LABELS: dict[Kind, str] = {
    Kind.DECLARED: "Declared",
    Kind.SEVERITY_RAISED: "Severity raised",
    Kind.SEVERITY_LOWERED: "Severity lowered",
    Kind.STATUS_CHANGED: "Status changed",
    Kind.ACKNOWLEDGED: "Acknowledged",
    Kind.ROLE_TAKEN: "Role taken",
    Kind.NOTED: "Note",
    Kind.PINNED: "Marked as key",
    Kind.PING_SENT: "Ping sent",
    Kind.PING_FAILED: "Ping failed",
    Kind.RESPONSE_BREACHED: "Response time missed",
    Kind.RESOLVED: "Resolved",
    Kind.REOPENED: "Reopened",
    Kind.CLOSED: "Closed",
    Kind.IMPACT_RECORDED: "Impact recorded",
    Kind.CAUSE_RECORDED: "Cause recorded",
    Kind.RESOLUTION_RECORDED: "Resolution recorded",
}
TURNS = frozenset(
    {Kind.SEVERITY_RAISED, Kind.SEVERITY_LOWERED, Kind.STATUS_CHANGED, Kind.RESOLVED, Kind.REOPENED, Kind.CLOSED}
)
# Of these the message itself is the line, so its corrections and marks are not lines of their own.
_NOT_TOLD = frozenset(
    {Kind.MESSAGE_POSTED, Kind.MESSAGE_EDITED, Kind.MESSAGE_DELETED, Kind.PINNED, Kind.UNPINNED, Kind.REVIEW_DRAFTED}
)


def timeline(record: Record, wording: Wording) -> Section:
    """The timeline section, with a note that says how many messages it leaves out and by which rule."""
    messages = record.messages()
    chosen = _chosen(record, messages)
    told = [entry for entry in record.entries if entry.kind not in _NOT_TOLD]
    told += [entry for entry in messages if entry.entry_id in chosen]
    told += _marked_elsewhere(record, messages)
    told.sort(key=lambda entry: (entry.at, entry.entry_id))
    lines = tuple(_line(entry, record, wording) for entry in told)
    deleted = len(record.of_kind(Kind.MESSAGE_POSTED)) - len(messages)
    return Section("timeline", "Timeline", lines, _note(len(messages), len(chosen), deleted))


def _chosen(record: Record, messages: list[Entry]) -> set[int]:
    """Ids of the messages to show: those marked as key, and either all others or the last before each turn."""
    key = {entry.entry_id for entry in messages if record.is_key(entry)}
    unmarked = [entry for entry in messages if entry.entry_id not in key]
    if len(unmarked) <= MOST_UNMARKED_MESSAGES:
        return key | {entry.entry_id for entry in unmarked}
    latest: int | None = None
    before_turns: set[int] = set()
    said = {entry.entry_id for entry in unmarked}
    for entry in record.entries:
        if entry.entry_id in said:
            latest = entry.entry_id
        elif entry.kind in TURNS and latest is not None:
            before_turns.add(latest)
    return key | before_turns


def _marked_elsewhere(record: Record, messages: list[Entry]) -> list[Entry]:
    """Marks whose message is not in the record: the mark itself is then all that can be shown."""
    known = {entry.permalink for entry in messages} | record.deleted
    return [
        entry
        for entry in record.of_kind(Kind.PINNED)
        if entry.text and entry.permalink not in known and (entry.permalink is None or entry.permalink in record.pinned)
    ]


def _line(entry: Entry, record: Record, wording: Wording) -> Line:
    message = entry.kind is Kind.MESSAGE_POSTED
    text = entry.text
    edited = message and entry.permalink is not None and entry.permalink in record.edited
    if edited and entry.permalink is not None:
        text = record.edited[entry.permalink]
    plain = wording.plain(text, LONGEST_SAYING) or ("(a message without text)" if message else "")
    label = None if message else LABELS[entry.kind]
    if label and plain.lower().startswith(label.lower()):
        plain = plain[len(label) :].lstrip(" :.-–—")  # the entry already says what its label says
    return Line(
        text=f"{plain} (edited)" if edited else plain,
        label=label,
        by=wording.person(entry.author) if message or entry.author else None,
        at=entry.at,
        clock=wording.clock(entry.at),
        key=record.is_key(entry) or entry.kind is Kind.PINNED,
        origins=(origin(entry),),
    )


def _note(messages: int, shown: int, deleted: int) -> str:
    sentences = ["Times are UTC."]
    if shown < messages:
        sentences.append(
            f"{counted(shown, 'message')} of {messages:,} shown: those marked as key, and the last one before each "
            f"change of status or severity. {messages - shown:,} left out here and kept in the incident's timeline."
        )
    if deleted:
        sentences.append(f"{counted(deleted, 'message')} deleted in Slack: not quoted.")
    return " ".join(sentences)
