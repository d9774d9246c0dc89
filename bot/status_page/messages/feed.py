"""The history as RSS 2.0: one item for each incident and maintenance, with all that was published of it.

By the standard library: feedgen brings lxml for these lines.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from xml.etree import ElementTree as xml

from bot.status_page.messages.slack import STATES
from bot.status_page.messages.snapshot import Snapshot, public
from bot.status_page.rules.published import Post

_MOST = 50
_ATOM = "http://www.w3.org/2005/Atom"


def rss(shot: Snapshot, own_address: str) -> bytes:
    """The feed; `own_address` is where it is read."""
    xml.register_namespace("atom", _ATOM)
    root = xml.Element("rss", version="2.0")
    channel = xml.SubElement(root, "channel")
    _add(channel, "title", f"{shot.policy.title}: history")
    _add(channel, "link", shot.address)
    _add(channel, "description", shot.policy.about or shot.policy.title)
    xml.SubElement(channel, f"{{{_ATOM}}}link", href=own_address, rel="self", type="application/rss+xml")
    if shot.changed_at:
        _add(channel, "lastBuildDate", _date(shot.changed_at))
    for post in sorted(shot.posts, key=lambda one: one.changed_at, reverse=True)[:_MOST]:
        _item(channel, shot, post)
    body: bytes = xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _item(channel: xml.Element, shot: Snapshot, post: Post) -> None:
    item = xml.SubElement(channel, "item")
    _add(item, "title", public(post.title))
    _add(item, "link", f"{shot.address}#{post.post_id}")
    xml.SubElement(item, "guid", isPermaLink="false").text = post.post_id
    _add(item, "pubDate", _date(post.changed_at))
    lines = [
        f"<p><small>{_when(update.at)}</small><br>"
        f"<strong>{STATES[update.state]}</strong> - {escape(public(update.text))}</p>"
        for update in reversed(post.updates)
    ]
    if post.ends_at is not None:
        lines.insert(0, f"<p>{_when(post.began_at)} to {_when(post.ends_at)}</p>")
    _add(item, "description", "".join(lines))


def _add(parent: xml.Element, name: str, text: str) -> None:
    xml.SubElement(parent, name).text = "".join(character for character in text if character.isprintable())


def _date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _when(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d %b %Y, %H:%M} UTC"
