"""Answers to browsers: pages with strict security headers, and short notices."""

from __future__ import annotations

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.web.rendering import render, render_notice_html, style_source

NEW_LINK = "To get a link, type /incident review in the incident's Slack channel."


def headers(forms: bool = False) -> dict[str, str]:
    """Nothing is fetched, framed, sniffed, cached or passed on as a referrer; forms, if any, submit here only."""
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
    """A page with forms, for somebody who is signed in."""
    return HTMLResponse(content, status, headers=headers(forms=True))


def notice(status: int, title: str, *sentences: str) -> Response:
    """A short page that says one thing."""
    return HTMLResponse(render_notice_html(title, sentences), status, headers=headers())


def form_lost(status: int, title: str, sentence: str, written: str) -> Response:
    """A form that was refused: why, and what the person wrote, for copying."""
    return HTMLResponse(
        render("form_lost.html", title=title, sentence=sentence, written=written), status, headers=headers()
    )


def go_to(path: str) -> Response:
    """After a form was accepted: redirect to the page that shows the result."""
    return RedirectResponse(path, 303, headers=headers())
