"""Reviews and short notices as HTML pages (Jinja2, everything escaped). Knows no request, no database, no clock."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request

from bot.slack.text import unturned
from bot.text.links import web_address
from bot.text.wording import instant
from bot.web.sessions import CurrentUser


@functools.cache
def _style() -> str:
    """The style sheet, put inline into every page so that a saved or printed page stands alone."""
    return resources.files("bot.web").joinpath("static/page.css").read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bot.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_without_turns,
    )
    environment.filters["instant"] = instant
    environment.filters["markdown"] = _markdown
    environment.filters["coded"] = coded
    environment.filters["web_address"] = web_address
    environment.globals["style"] = Markup(_style())  # our own file, nothing that people wrote
    return environment


_CODE = re.compile(r"`([^`\n]+)`")


def coded(text: str) -> Markup:
    """Escaped, with what stands between backticks as code: commands, in our sentences and in those of people."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def _markdown(text: str) -> Markup:
    """Markdown as HTML: what is HTML in it stays text, and nothing is fetched."""
    from markdown_it import MarkdownIt  # loaded with the first page that shows Markdown

    return Markup(MarkdownIt("commonmark", {"html": False}).disable("image").render(text))


def _without_turns(value: Any) -> Any:
    """What a template puts out, without marks that change the direction of text around them; markup stays markup."""
    if isinstance(value, Markup):
        return Markup(unturned(value))  # removing characters creates no element
    return unturned(value) if isinstance(value, str) else value


def style_source() -> str:
    """What a Content-Security-Policy must name in `style-src` so that the inline style, and no other, is applied."""
    digest = hashlib.sha256(_style().encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def render(template: str, **context: Any) -> str:
    """A page from its template."""
    return _environment().get_template(template).render(**context)


def render_notice_html(title: str, sentences: tuple[str, ...], user: CurrentUser | None = None, here: str = "") -> str:
    """A short page that says one thing: not found, link expired, no key set. With the menu for `user`."""
    return render("notice.html", title=title, sentences=sentences, user=user, here=here)


# What a form's redirect carries, and what the page then says.
_DONE = {"done": "Action item done.", "accept": "Action item accepted.", "drop": "Action item dropped."}


def user_page(template: str, request: Request, user: CurrentUser, here: str, **context: Any) -> str:
    """A page for somebody who is signed in; `here` is its path in the menu."""
    said = _DONE.get(request.query_params.get("done", ""), "")
    return render(template, user=user, here=here, said=said, refused="", **context)
