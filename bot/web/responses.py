"""Answers to browsers: pages with the headers that keep them to themselves, and short notices."""

from __future__ import annotations

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.web.rendering import render, render_notice_html, style_source

NEW_LINK = "Type /incident review in the incident's channel in Slack: Tocsin answers with a new link, for you alone."


def headers(forms: bool = False) -> dict[str, str]:
    """Nothing is fetched, framed, sniffed, cached or told to the next site; forms, if any, go to us alone."""
    policy = (
        f"default-src 'none'; style-src {style_source()}; base-uri 'none'; "
        f"form-action {chr(39)}{'self' if forms else 'none'}{chr(39)}; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer" if not forms else "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
    }


def page(content: str, status: int = 200) -> Response:
    """A page for somebody who is known, with forms."""
    return HTMLResponse(content, status, headers=headers(forms=True))


def notice(status: int, title: str, *sentences: str) -> Response:
    """A short page that says one thing."""
    return HTMLResponse(render_notice_html(title, sentences), status, headers=headers())


def lost(status: int, title: str, sentence: str, written: str) -> Response:
    """A form that could not be taken: why, and what was written, so that it is not lost."""
    return HTMLResponse(render("lost.html", title=title, sentence=sentence, written=written), status, headers=headers())


def go_to(path: str) -> Response:
    """After a form that was taken: the page that shows what became of it."""
    return RedirectResponse(path, 303, headers=headers())
