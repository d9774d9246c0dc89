"""Publishing on the status page: each by somebody's press, once, and on the incident's timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.incidents.flows.record import lock_of, record
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Status, is_drill, is_private
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.slack import queries as slack_queries
from bot.status_page import queries
from bot.status_page.messages import slack as messages
from bot.status_page.policy import id_of
from bot.status_page.rules.public_text import sentence
from bot.status_page.rules.published import OVER, Condition, State
from bot.status_page.tables import StatusPost, StatusUpdate
from bot.store.outbox import enqueue

_LONGEST_AHEAD = timedelta(days=366)  # of a maintenance


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be published. `components` is by our name; the two instants (aware UTC) are of a maintenance alone."""

    title: str
    state: State
    text: str
    components: Mapping[str, Condition]
    begins_at: datetime | None = None
    ends_at: datetime | None = None


def refuse_hidden(row: IncidentRow) -> None:
    """Raises BadRequest for a security incident and for a drill: nothing of either is ever published from here."""
    if is_private(row.ref):
        raise BadRequest(messages.not_of_security(row.ref))
    if is_drill(row.ref):
        raise BadRequest(messages.not_of_drill(row.ref))


def refuse_false_alarm(session: Session, row: IncidentRow) -> None:
    """Raises BadRequest for what was no incident. What was published of it before may still be resolved."""
    if row.false_alarm and queries.find_open(session, row.incident_id) is None:
        raise BadRequest(messages.not_of_false_alarm(row.ref))


def publish(session: Session, row: IncidentRow, wanted: Wanted, by: str, now: datetime, request_key: str) -> bool:
    """Publish an update of this incident, the first one too. False where the same form came before.

    The row must be locked. Raises BadRequest for a security incident and for a false alarm, of which nothing is open.
    """
    refuse_hidden(row)
    if queries.find_by_request(session, request_key) is not None:
        return False
    refuse_false_alarm(session, row)
    post = queries.find_open(session, row.incident_id)
    if post is None:
        post = _add_post(session, wanted, by, now, request_key, row.incident_id)
    post.title = wanted.title
    post.over_at = now if wanted.state in OVER else None
    _add_update(session, post, wanted, by, now, request_key)
    _record(
        session, row, Kind.STATUS_PUBLISHED, messages.published(by, wanted.title, wanted.state, wanted.text), by, now
    )
    if wanted.state in OVER:
        _draw_proposal(session, row)
    show(session)
    return True


def correct(session: Session, row: IncidentRow, wanted: Wanted, by: str, now: datetime) -> None:
    """Put other words in place of the last update's. The row must be locked. Raises BadRequest where there is none."""
    refuse_hidden(row)
    post = queries.find_last(session, row.incident_id)
    if post is None:
        raise BadRequest(messages.nothing_published(row.ref))
    last = queries.last_update(session, post.post_id)
    post.title = wanted.title
    last.state, last.text, last.components = wanted.state.value, wanted.text, _stored(wanted.components)
    last.corrected_at, last.corrected_by = now, by
    post.over_at = last.at if wanted.state in OVER else None
    text = messages.corrected(by, wanted.title, wanted.state, wanted.text)
    _record(session, row, Kind.STATUS_PUBLISHED, text, by, now)
    show(session)


def withdraw(session: Session, row: IncidentRow, by: str, now: datetime) -> bool:
    """Take all that was published of this incident off the page; False where nothing was. The row must be locked."""
    posts = queries.list_of_incident(session, row.incident_id)
    for post in posts:
        post.withdrawn_at, post.withdrawn_by = now, by
    if posts:
        titles = list(dict.fromkeys(post.title for post in posts))
        _record(session, row, Kind.STATUS_WITHDRAWN, messages.withdrawn(by, titles), by, now)
        _draw_proposal(session, row)
        show(session)
    return bool(posts)


def follow_kind(session: Session, row: IncidentRow, by: str, now: datetime) -> None:
    """It was made a security incident: what was published of it is withdrawn."""
    if is_private(row.ref):
        withdraw(session, row, by, now)


def propose_resolved(session: Session, row: IncidentRow) -> None:
    """It is resolved: where the page still says otherwise, have the channel asked. Nothing is published by itself."""
    post = None if is_private(row.ref) else queries.find_open(session, row.incident_id)
    if post is not None:
        _draw_proposal(session, row)


def _draw_proposal(session: Session, row: IncidentRow) -> None:
    """Have that question asked, or edited into its answer; while the incident is open nobody was asked."""
    if not Status(row.status).is_open:
        lock = lock_of(row.incident_id)
        enqueue(session, "slack.status_proposal", lock=lock, incident_id=row.incident_id, episode=row.episode)


def schedule(session: Session, wanted: Wanted, by: str, now: datetime, request_key: str) -> bool:
    """Publish a scheduled maintenance. False where the same form came before. Raises BadRequest for odd times."""
    if queries.find_by_request(session, request_key) is not None:
        return False
    begins_at, ends_at = wanted.begins_at, wanted.ends_at
    assert begins_at is not None and ends_at is not None
    if not now < ends_at <= now + _LONGEST_AHEAD or begins_at >= ends_at:
        raise BadRequest(messages.ODD_TIMES)
    post = _add_post(session, wanted, by, now, request_key, None)
    _add_update(session, post, wanted, by, now, request_key)
    show(session)
    return True


def end_maintenance(session: Session, post_id: int, by: str, now: datetime) -> str | None:
    """It is done earlier than scheduled. The title; None where it was over."""
    post = queries.find_for_change(session, post_id)
    if post is None or post.withdrawn_at or post.over_at or not post.ends_at or post.ends_at <= now:
        return None
    post.over_at = now
    components = dict.fromkeys(queries.last_update(session, post_id).components, Condition.OPERATIONAL)
    over = Wanted(post.title, State.COMPLETED, messages.MAINTENANCE_DONE, components)
    _add_update(session, post, over, by, now, f"done:{post_id}")
    show(session)
    return post.title


def withdraw_maintenance(session: Session, post_id: int, by: str, now: datetime) -> str | None:
    """Take a maintenance off the page. The title; None where it was gone."""
    post = queries.find_for_change(session, post_id)
    if post is None or post.withdrawn_at or post.ends_at is None:
        return None
    post.withdrawn_at, post.withdrawn_by = now, by
    show(session)
    return post.title


def show(session: Session) -> None:
    """Have the files of the page written anew; where there are none, that job does nothing."""
    enqueue(session, "aws.status_page", lock="status-page", once="aws.status_page")


def last_told(session: Session, row: IncidentRow) -> str:
    """What stakeholders were last told is new, and the impact, in sentences. Empty where nobody said so."""
    told = timeline.list_rows(session, row.incident_id, (Kind.STAKEHOLDERS_TOLD,))
    if not told:
        return ""
    lines = {str(name).lower(): str(words) for name, words in told[-1].data.get("lines") or []}
    said = [sentence(lines[name]) for name in ("news", "impact", "resolution") if lines.get(name)]
    if row.next_update_at is not None:  # not due yet, or just now
        said.append(f"Next update by {row.next_update_at:%Y-%m-%d %H:%M} UTC.")
    return "\n".join(said)


def _add_post(
    session: Session, wanted: Wanted, by: str, now: datetime, request_key: str, incident_id: int | None
) -> StatusPost:
    post = StatusPost(
        public_id=id_of(f"post:{request_key}"),
        incident_id=incident_id,
        title=wanted.title,
        began_at=wanted.begins_at or now,
        ends_at=wanted.ends_at,
        published_at=now,
        published_by=by,
    )
    session.add(post)
    session.flush()
    return post


def _add_update(session: Session, post: StatusPost, wanted: Wanted, by: str, now: datetime, request_key: str) -> None:
    update = StatusUpdate(
        request_key=request_key,
        post_id=post.post_id,
        state=wanted.state.value,
        text=wanted.text,
        components=_stored(wanted.components),
        at=now,
        by=by,
    )
    session.add(update)
    session.flush()


def _stored(components: Mapping[str, Condition]) -> dict[str, str]:
    return {key: condition.value for key, condition in components.items()}


def _record(session: Session, row: IncidentRow, kind: Kind, text: str, by: str, now: datetime) -> None:
    record(session, row, kind, text, now, author=by, announce=True)


def names_inside(session: Session, row: IncidentRow | None) -> list[str]:
    """What people of an incident are called in Slack, so that no public text names them."""
    if row is None:
        return []
    held = incidents.list_roles(session, row.incident_id).values()
    ids = {row.declared_by, row.commander, row.acknowledged_by, *held} - {None}
    return list(slack_queries.names_of(session, [one for one in ids if one]).values())
