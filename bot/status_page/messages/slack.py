"""The form of the status page, its preview, and what Slack's channels and the timeline say. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.slack.blocks import Block, actions, button, confirmation, context, option, section, select
from bot.slack.client import Message
from bot.slack.forms import field, form, text_field
from bot.slack.text import bold, person, plain, shorten
from bot.status_page.rules.published import OF_INCIDENTS, Component, Condition, State
from bot.status_page.tables import StatusPost
from bot.text.markup import escape, instant

FORM = "status_form_view"
OPEN_FORM = "status_form"
LONGEST_TITLE = 150  # characters
LONGEST_TEXT = 2_000
MOST_COMPONENTS = 60  # have a field each; a form holds 100 blocks

CONDITIONS = {
    Condition.OPERATIONAL: "Operational",
    Condition.DEGRADED: "Degraded performance",
    Condition.PARTIAL: "Partial outage",
    Condition.MAJOR: "Major outage",
    Condition.MAINTENANCE: "Under maintenance",
}
STATES = {
    State.INVESTIGATING: "Investigating",
    State.IDENTIFIED: "Identified",
    State.MONITORING: "Monitoring",
    State.RESOLVED: "Resolved",
    State.SCHEDULED: "Scheduled",
    State.IN_PROGRESS: "In progress",
    State.COMPLETED: "Completed",
}
_PUBLIC = "Everybody can read what you publish. Name no people, incidents, hosts or internal services."
_CHANGED = "Somebody published an update since you opened this form. Check the preview, and press Publish again."


def status_form(
    opened: Mapping[str, Any],
    components: Sequence[Component],
    fields: Mapping[str, str],
    preview: Sequence[Block] = (),
) -> dict[str, Any]:
    """The form; with `preview`, what Publish would put on the page. `opened` comes back with it.

    `fields` are the values that its fields begin with, those of components under `component_field`.
    """
    maintenance = opened["mode"] == "maintenance"
    changed = [section(f":warning: {bold('Nothing was published yet.')} {_CHANGED}")] if opened.get("changed") else []
    head = [*changed, *preview] or [context(_PUBLIC)]
    blocks = [*head, *(_times(fields) if maintenance else [_state_field(fields)])]
    blocks.insert(len(head), text_field("title", "Title", limit=LONGEST_TITLE, initial=fields.get("title")))
    blocks.append(text_field("text", "Text", multiline=True, limit=LONGEST_TEXT, initial=fields.get("text")))
    if components and not maintenance:
        blocks.append(context("*What is affected?* Readers see this above the text.") | {"block_id": "affected"})
    blocks += [_component_field(one, maintenance, fields) for one in components[:MOST_COMPONENTS]]
    submit = "Publish" if preview else "Preview"
    title = "Scheduled maintenance" if maintenance else "Status page"
    return form(FORM, title, submit, json.dumps(dict(opened)), blocks)


def component_field(component: Component) -> str:
    return f"component_{component.component_id}"


def _times(fields: Mapping[str, str]) -> list[Block]:
    return [
        text_field("begins", "From", limit=100, initial=fields.get("begins"), placeholder="2026-12-24 22:00"),
        text_field("ends", "Until", limit=100, initial=fields.get("ends"), placeholder="2 h, or a time like the first"),
    ]


def _state_field(fields: Mapping[str, str]) -> Block:
    options = [option(STATES[state], state.value) for state in OF_INCIDENTS]
    return field("state", "State", select("State", "state", options, fields.get("state")))


def _component_field(component: Component, maintenance: bool, fields: Mapping[str, str]) -> Block:
    name = component_field(component)
    offered = (Condition.OPERATIONAL, Condition.MAINTENANCE) if maintenance else tuple(CONDITIONS)
    options = [option(_offered(one, maintenance), one.value) for one in offered]
    chosen = fields.get(name) or Condition.OPERATIONAL.value
    label = f"{component.group} · {component.name}" if component.group else component.name
    return field(name, shorten(label, 150), select("Condition", name, options, chosen))


def _offered(condition: Condition, maintenance: bool) -> str:
    return "Not affected" if maintenance and condition is Condition.OPERATIONAL else CONDITIONS[condition]


def preview(
    title: str, state: State, text: str, affected: Sequence[tuple[str, Condition]], when: str, where: str | None
) -> list[Block]:
    """What Publish would put on the page; `when` is empty for what is not scheduled."""
    lines = [f"{bold(title)} · {STATES[state]}", *([when] if when else []), plain(text)]
    lines += [f"{plain(name)}: {CONDITIONS[condition]}" for name, condition in affected]
    link = f"Publish puts this on {where}, for everybody." if where else "Publish puts this on the status page."
    return [section("\n".join(lines)) | {"block_id": "preview"}, context(f"{link} {_PUBLIC}") | {"block_id": "goes"}]


def between(begins_at: datetime, ends_at: datetime) -> str:
    return f"From {instant(begins_at)} until {instant(ends_at)}"


# What the timeline and the channel say


def published(by: str, title: str, state: State, text: str) -> str:
    return f"Published on the status page by {person(by)}: {escape(title)} · {STATES[state]}: {escape(text)}"


def corrected(by: str, title: str, state: State, text: str) -> str:
    return f"Corrected on the status page by {person(by)}: {escape(title)} · {STATES[state]}: {escape(text)}"


def withdrawn(by: str, titles: Sequence[str]) -> str:
    return f"Taken off the status page by {person(by)}: {escape('; '.join(titles))}"


def proposal(ref: str, title: str, state: State, value: str) -> Message:
    """After resolving: the page still says otherwise. Nothing is published by itself."""
    text = f"{ref} is resolved, but the status page still says {STATES[state]}: {plain(shorten(title, 150))}"
    return Message(text, (section(text), actions("status_proposal", button("Publish resolved", OPEN_FORM, value))))


def proposal_done(ref: str) -> Message:
    """In its place once that was published or withdrawn."""
    text = no_longer_open(ref)
    return Message(text, (section(text),))


def no_longer_open(ref: str) -> str:
    return f"The status page no longer shows {ref} as open."


# What the one who asked reads

FORM_NOT_OPENED = "Type `/incident publish` again: its form did not open."
OFF = "The status page is off. Whoever runs Tocsin turns it on with TOCSIN_STATUS_PAGE=true."
NOTHING_AFFECTED = (
    "The page would announce an outage above components that all work. Say which one is affected; once all work again, "
    "choose Monitoring or Resolved."
)
ODD_TIMES = "A maintenance begins before it ends, and ends within a year from now. Type times like 2026-12-24 22:00."
MAINTENANCE_DONE = "The maintenance is complete."
BEFORE_FIRST = "Write at least a title and a text."


def not_of_security(ref: str) -> str:
    return f"{ref} is a security incident. Nothing of it goes on the status page."


def not_of_drill(ref: str) -> str:
    return f"{ref} is a drill. Nothing of it goes on the status page."


def not_of_false_alarm(ref: str) -> str:
    return (
        f"{ref} was closed as a false alarm, so there is nothing to publish. If it was real after all, type "
        f"`/incident reopen {ref}` first."
    )


def nothing_published(ref: str) -> str:
    return f"Nothing of {ref} is on the status page. `/incident publish` publishes it."


def taken_off(ref: str) -> str:
    return f"{ref} is off the status page. `/incident publish` publishes it anew."


def names_something(words: Sequence[str]) -> str:
    """A refusal under a form's field, which is plain text."""
    return f"The status page is public. Take this out: {', '.join(words)}."


def is_over(title: str | None) -> str:
    return f"Completed on the status page: {escape(title)}" if title else "That maintenance is over or was withdrawn."


def is_gone(title: str | None) -> str:
    return f"Taken off the status page: {escape(title)}" if title else "That maintenance was withdrawn before."


def listed(
    open_posts: Sequence[tuple[str, str, State]], maintenance: Sequence[StatusPost], where: str | None
) -> Message:
    """What is on the page now: (ref, title, state) of incidents that are open there, and maintenance with buttons."""
    head = f"*On the status page*{f': {where}' if where else ''}"
    blocks: list[Block] = [section(head)]
    blocks += [section(f"{ref}: {plain(title)} · {STATES[state]}") for ref, title, state in open_posts[:20]]
    for post in maintenance[:10]:
        assert post.ends_at is not None
        said = (
            f"Maintenance: {plain(post.title)}\n{between(post.began_at, post.ends_at)}, by {person(post.published_by)}"
        )
        done = button("Complete", "status_complete", str(post.post_id))
        gone = button("Withdraw", "status_withdraw", str(post.post_id)) | {
            "confirm": confirmation("It disappears from the status page.")
        }
        blocks += [section(said), actions(f"status_maintenance_{post.post_id}", done, gone)]
    if len(blocks) == 1:
        blocks.append(section("Nothing is open, and no maintenance is scheduled."))
    return Message(head, tuple(blocks))
