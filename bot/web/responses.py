"""Answers to browsers: pages with strict security headers, and short notices."""

from __future__ import annotations

from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.web.rendering import render, render_notice_html, style_source
from bot.web.sessions import CurrentUser

NEW_LINK = "To get a link, type /incident review in the incident's Slack channel."


def headers(forms: bool = False) -> dict[str, str]:
    """Nothing is framed, sniffed, cached or passed on as a referrer, and nothing fetched but our own pictures, on pages
    with forms. These submit here only."""
    pictures = "img-src 'self'; " if forms else ""
    policy = (
        f"default-src 'none'; {pictures}style-src {style_source()}; base-uri 'none'; "
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


class Notice(HTMLResponse):
    """A short page that says one thing."""

    def __init__(self, status: int, title: str, sentences: tuple[str, ...]) -> None:
        super().__init__(render_notice_html(title, sentences), status, headers=headers())
        self.title, self.sentences = title, sentences

    def with_menu(self, user: CurrentUser, path: str) -> Response:
        """The same with the menu, for somebody who is signed in: nobody is left on a page without a way on."""
        content = render_notice_html(self.title, self.sentences, user, f"/{path.strip('/').partition('/')[0]}")
        return HTMLResponse(content, self.status_code, headers=headers(forms=True))


def notice(status: int, title: str, *sentences: str) -> Response:
    """A short page that says one thing."""
    return Notice(status, title, sentences)


def form_lost(status: int, title: str, sentence: str, written: str) -> Response:
    """A form that was refused: why, and what the person wrote, for copying."""
    return HTMLResponse(
        render("form_lost.html", title=title, sentence=sentence, written=written), status, headers=headers()
    )


def go_to(path: str) -> Response:
    """After a form was accepted: redirect to the page that shows the result."""
    return RedirectResponse(path, 303, headers=headers())
