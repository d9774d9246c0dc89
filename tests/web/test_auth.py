"""The way in: a link lets its person in, in one browser; looking at it uses nothing up; who left stays outside."""

from __future__ import annotations

import contextlib
import itertools
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.slack import queries
from bot.slack.client import TryAgain
from bot.web.membership import Membership
from bot.web.sessions import BROWSER, BROWSER_LIFETIME, COOKIE, SESSION_LIFETIME, sign_personal_link
from bot.web.tables import LinkRow, SessionRow
from tests.fixtures.web import BASE, KEY, Site, send, sign_in, token_of
from tests.support.queue import queued
from tests.support.rows import NOON

_numbers = itertools.count(1)
FORM = "application/x-www-form-urlencoded"


def link_of(user_id: str = "U0VP", name: str = "vp") -> str:
    """A link of this test's own."""
    return sign_personal_link(BASE, KEY, f"/incidents?{next(_numbers)}", user_id, name, time.time()).removeprefix(BASE)


def sign_in_form(browser: TestClient, link: str) -> dict[str, str]:
    """The fields of the sign-in form."""
    page = browser.get(link)
    assert page.status_code == 200
    return dict(re.findall(r'name="(t|token)" value="([^"]*)"', page.text))


def test_looking_at_a_link_lets_nobody_in_and_uses_nothing_up(site: Site) -> None:
    link = link_of()
    for _ in range(3):
        preview = site.visit()
        assert "Continue as <bdi>vp</bdi>" in preview.get(link).text
        assert COOKIE not in preview.cookies
    assert sign_in(site.visit(), link).url.path == "/incidents"


def test_a_link_that_was_used_opens_the_same_browser_again_and_no_other(site: Site) -> None:
    link, browser = link_of(), site.visit()
    sign_in(browser, link)
    browser.cookies.delete(COOKIE)
    assert sign_in(browser, link).url.path == "/incidents"
    refused = sign_in(site.visit(), link)
    assert refused.status_code == 410
    assert "It was used in another browser at 2026-11-20 13:00 UTC" in refused.text
    assert "/incident review" in refused.text


def test_a_link_whose_signature_is_written_differently_is_still_the_same_link(site: Site) -> None:
    link = link_of()
    sign_in(site.visit(), link)
    assert sign_in(site.visit(), link + "=").status_code in (403, 410)


def test_who_is_signed_in_goes_straight_to_the_page(site: Site) -> None:
    browser = site.enter("U0VP")
    assert browser.get(link_of()).url.path == "/incidents"


def test_somebody_elses_session_ends_only_when_the_person_says_so(site: Site) -> None:
    browser, link = site.enter("U0MANAGER"), link_of()
    asked = browser.get(link)
    assert "signed in as <bdi>engineering-manager</bdi>. Continuing signs them out." in asked.text
    assert "engineering-manager" in browser.get("/incidents").text
    sign_in(browser, link)
    assert "<bdi>vp</bdi>" in browser.get("/incidents").text


def test_a_form_at_the_door_that_another_site_sends_lets_nobody_in(site: Site) -> None:
    link = link_of("U0RESPONDER", "responder")
    attacker, victim = site.visit(), site.visit()
    fields = sign_in_form(attacker, link)
    sign_in_form(victim, link_of())
    for forged in (fields, fields | {"token": ""}, {"t": fields["t"]}):
        assert victim.post("/enter", data=forged).status_code == 403
    assert COOKIE not in victim.cookies
    victim.cookies.delete(BROWSER)
    assert victim.post("/enter", data=fields).status_code == 403


@pytest.mark.parametrize("path", ["/enter", "/leave", "/leave/everywhere"])
def test_a_form_of_more_fields_than_any_page_has_is_refused_in_one_sentence(site: Site, path: str) -> None:
    answer = site.visit().post(path, content="a=1&" * 5_000, headers={"Content-Type": FORM})
    assert answer.status_code == 400 and "This is no form of Tocsin's" in answer.text.replace("&#39;", "'")


def test_who_left_the_workspace_can_neither_sign_in_nor_stay(site: Site) -> None:
    inside = site.enter("U0TEAMLEAD")
    token = token_of(inside.get("/incidents").text)
    row = site.closed()
    site.left |= {"U0TEAMLEAD", "U0VP"}
    refused = sign_in(site.visit(), link_of())
    assert (refused.status_code, refused.url.path) == (403, "/enter"), "refused when signing in"
    assert "no longer in this workspace" in refused.text
    assert inside.get("/incidents").status_code == 403
    assert inside.get(f"/reviews/{row.ref}").status_code == 401, "their session has ended"
    sent = inside.post(f"/reviews/{row.ref}/comments", data={"token": token, "text": "still here"})
    assert sent.status_code in (401, 403)


def test_a_name_that_is_markup_is_shown_as_it_is(site: Site) -> None:
    page = site.visit().get(link_of("U0ODD", "<b>odd</b>")).text
    assert "&lt;b&gt;odd&lt;/b&gt;" in page and "<b>odd" not in page


@pytest.mark.parametrize("do", ["look", "send", "enter"])
def test_people_take_turns_at_the_threads_that_are_there_for_pages(site: Site, do: str) -> None:
    site.threads = 2
    browser, link = site.enter("U0VP"), link_of("U0RESPONDER", "responder")
    token = token_of(browser.get("/incidents").text)
    fields = sign_in_form(browser, link)
    together, met = threading.Barrier(3), []

    def meet() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            met.append(together.wait(1))

    def ask(_: int) -> int:
        if do == "look":
            return browser.get("/incidents").status_code
        path, form = ("/enter", fields) if do == "enter" else ("/actions/INC-0/1", {"token": token})
        return browser.post(path, data=form, follow_redirects=False).status_code

    with browser, ThreadPoolExecutor(3) as pool:
        site.on_ask = meet
        statuses = list(pool.map(ask, range(3)))
    assert statuses == [{"look": 200, "send": 404, "enter": 303}[do]] * 3
    assert met == []


def test_a_link_that_was_used_is_forgotten_once_every_browser_it_opened_is(site: Site) -> None:
    link = link_of()
    sign_in(site.visit(), link)

    def kept() -> int:
        with site.database.transaction() as session:
            return len(list(session.scalars(select(LinkRow).where(LinkRow.used_at == NOON + timedelta(hours=1)))))

    before = kept()
    assert before >= 1
    site.at += BROWSER_LIFETIME
    sign_in(site.visit(), link_of("U0MANAGER", "engineering-manager"))
    assert kept() == before, "the browser may still come in with it"
    site.at += timedelta(seconds=1)
    sign_in(site.visit(), link_of("U0MANAGER", "engineering-manager"))
    assert kept() == 0


class _Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_slack_is_asked_once_in_five_minutes_whatever_it_says() -> None:
    asked, clock = [], _Clock()

    def ask(user_id: str) -> bool:
        asked.append(user_id)
        return user_id != "U0GONE"

    here = Membership(ask, clock)
    assert [here("U0VP"), here("U0VP"), here("U0GONE"), here("U0GONE")] == [True, True, False, False]
    assert asked == ["U0VP", "U0GONE"]
    clock.at += 301
    assert not here("U0GONE")
    assert asked == ["U0VP", "U0GONE", "U0GONE"]


def test_requests_of_one_person_that_come_together_ask_slack_once() -> None:
    asked, both = [], threading.Barrier(2)

    def ask(user_id: str) -> bool:
        asked.append(user_id)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(1)  # until another asks as well, which nobody should
        return False

    here = Membership(ask, _Clock())
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(here, ["U0GONE"] * 4)) == [False] * 4
    assert asked == ["U0GONE"]


def test_while_slack_does_not_answer_its_last_word_holds() -> None:
    trouble = TryAgain("users.info", "timeout")
    answers: list[bool | Exception] = [False, trouble, trouble]
    clock = _Clock()

    def ask(user_id: str) -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    here = Membership(ask, clock)
    assert not here("U0GONE")
    clock.at += 301
    assert not here("U0GONE"), "what was said before"
    assert here("U0NEW"), "nobody ever said otherwise"
    assert here("U0NEW") and answers == [], "and Slack is left alone for a while"


def test_signing_out_ends_the_session_although_somebody_kept_the_cookie(site: Site) -> None:
    browser = site.enter("U0VP")
    cookie = browser.cookies[COOKIE]
    send(browser, "/leave")
    thief = site.visit()
    thief.cookies.set(COOKIE, cookie)
    assert thief.get("/incidents").status_code == 401


def test_signing_out_everywhere_ends_all_sessions_of_one_person_and_the_links_they_were_sent(site: Site) -> None:
    laptop, phone, other = site.enter("U0VP"), site.enter("U0VP"), site.enter("U0MANAGER")
    unused = link_of()
    assert "personal links you were sent no longer work" in send(laptop, "/leave/everywhere")
    assert [browser.get("/incidents").status_code for browser in (laptop, phone, other)] == [401, 401, 200]
    refused = site.visit().get(unused)
    assert (refused.status_code, "no longer works" in refused.text) == (410, True)
    assert sign_in(site.visit(), link_of()).status_code == 200, "a link that was sent since works"


def test_who_comes_back_to_the_workspace_signs_in_anew(site: Site) -> None:
    browser, kept = site.enter("U0TEAMLEAD"), link_of("U0TEAMLEAD", "team-lead")
    site.left.add("U0TEAMLEAD")
    assert browser.get("/incidents").status_code == 403
    site.left.clear()
    again = site.enter("U0TEAMLEAD")
    assert again.get("/incidents").status_code == 200
    assert site.visit().get(kept).status_code == 410, "sent before they left"


def test_a_session_ends_after_twelve_hours_and_its_row_goes(site: Site) -> None:
    browser = site.enter("U0MANAGER")
    site.at += SESSION_LIFETIME
    assert browser.get("/incidents").status_code == 401
    with site.database.transaction() as session:
        before = session.scalars(select(SessionRow.opened_at)).all()
    site.enter("U0VP")
    with site.database.transaction() as session:
        left = session.scalars(select(SessionRow.opened_at)).all()
    assert min(before) < NOON + site.at - timedelta(hours=1) and min(left) >= NOON + site.at - SESSION_LIFETIME


def test_a_cookie_with_a_good_signature_and_no_row_opens_nothing(site: Site) -> None:
    made = URLSafeTimedSerializer(KEY, salt="tocsin-session").dumps(["U0VP", "vp", "a nonce that nobody was given"])
    browser = site.visit()
    browser.cookies.set(COOKIE, made)
    assert browser.get("/incidents").status_code == 401


def test_who_is_signed_in_is_called_by_name_once_that_is_known_not_by_slack_s_handle(site: Site) -> None:
    browser = site.visit()
    link = link_of("U0HANDLE", "handle.of.mira")
    browser.post("/enter", data=sign_in_form(browser, link))
    assert "handle.of.mira" in browser.get("/incidents").text, "until Slack said what they are called"
    with site.database.transaction() as session:
        assert queued(session, "slack.learn_names", names_of=["U0HANDLE"])
        queries.record_name(session, "U0HANDLE", "Mira Khan", NOON)
    page = browser.get("/nowhere-to-be-found").text + browser.get("/incidents").text
    assert "Mira Khan" in page and "handle.of.mira" not in page


def test_who_signs_out_is_shown_no_menu(site: Site) -> None:
    browser = site.enter("U0VP")
    token = re.findall(r'name="token" value="([^"]+)"', browser.get("/incidents").text)[0]
    out = browser.post("/leave", data={"token": token})
    assert "Signed out" in out.text and 'href="/incidents"' not in out.text
