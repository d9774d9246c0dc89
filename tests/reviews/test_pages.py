"""The pages of a review: who may come in, what they may change, and what becomes of bad input."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.testclient import TestClient

from bot.incidents.flows.record import record
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Standing
from bot.incidents.rules.timeline import Kind
from bot.lifecycle.flows import change
from bot.lifecycle.pages import incidents as browsing
from bot.reviews.flows import drafting
from bot.reviews.pages.documents import EXPORTS
from bot.reviews.queries import action_items, drafts
from bot.reviews.queries import reviews as assessments
from bot.severity.rules import Severity
from bot.text.markup import escape
from bot.web.sessions import COOKIE, sign_personal_link
from tests.fixtures.web import BASE, KEY, Site, send, sign_in, token_of
from tests.reviews.review_facts import HOSTILE
from tests.support.rows import NOON, add_incident, add_ping, minutes

TYPED = HOSTILE.replace("\x00", "").replace("\ud800", "")  # what a browser can send


def stage_of(site: Site, incident_id: int) -> str:
    with site.database.transaction() as session:
        stage = assessments.find_stage(session, incident_id)
        assert stage is not None
        return stage.stage


def edit(browser: TestClient, ref: str, section: str, text: str, version: str = "0") -> str:
    return send(browser, f"/reviews/{ref}/sections/{section}", f"/reviews/{ref}", text=text, version=version)


def test_a_personal_link_leads_to_the_page_with_its_forms(site: Site) -> None:
    row = site.closed()
    browser = site.enter("U0MANAGER", f"/reviews/{row.ref}")
    page = browser.get(f"/reviews/{row.ref}")
    assert page.status_code == 200
    assert "engineering-manager" in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_the_cookie_is_http_only_and_same_site(site: Site) -> None:
    browser = site.visit()
    came = sign_in(browser, sign_personal_link(BASE, KEY, "/reviews", "U0VP", "vp")).history[-1]
    assert (came.status_code, came.headers["location"]) == (303, "/reviews")
    cookie = came.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie


@pytest.mark.parametrize("path", ["//evil.example.com/", "https://evil.example.com", "/\\evil.example.com", "/a b"])
def test_a_link_leads_to_our_own_pages_only(site: Site, path: str) -> None:
    came = sign_in(site.visit(), sign_personal_link(BASE, KEY, path, "U0VP", "vp")).history[-1]
    assert came.headers["location"] == "/incidents"


@pytest.mark.parametrize(
    "token",
    ["", "forged", "a.b.c", URLSafeTimedSerializer(KEY, salt="tocsin-session").dumps([1])],
    ids=["none", "forged", "dots", "signed for something else"],  # the last one differs from second to second
)
def test_a_forged_link_opens_nothing_and_says_how_to_get_a_good_one(site: Site, token: str) -> None:
    answer = site.visit().get(f"/enter?t={token}")
    assert answer.status_code == 403
    assert "/incident review" in answer.text
    assert "set-cookie" not in answer.headers


def test_an_expired_link_says_so(site: Site) -> None:
    site.link_lifetime = timedelta(seconds=-1)
    browser = site.visit()
    token = URLSafeTimedSerializer(KEY, salt="tocsin-personal-link").dumps(["U0VP", "vp", "/incidents"])
    answer = browser.get(f"/enter?t={token}")
    assert answer.status_code == 410
    assert "This link has expired" in answer.text


@pytest.mark.parametrize(
    "path", ["/incidents", "/reviews", "/actions", "/incidents/INC-2026-0001", "/reviews/X/document.md"]
)
def test_without_a_session_nothing_is_shown(site: Site, path: str) -> None:
    answer = site.visit().get(path)
    assert answer.status_code == 401
    assert "INC-" not in answer.text


def test_a_form_without_the_sessions_token_changes_nothing_and_gives_the_text_back(site: Site) -> None:
    row = site.closed()
    browser = site.enter("U0MANAGER")
    other = token_of(site.enter("U0VP").get("/incidents").text)
    for token in ("", "0" * 64, other):
        data = {"token": token, "text": "what I wrote", "version": "0"}
        answer = browser.post(f"/reviews/{row.ref}/sections/went_well", data=data)
        assert answer.status_code == 403
        assert "what I wrote" in answer.text
    with site.database.transaction() as session:
        assert assessments.list_edits(session, row.incident_id) == []


def test_a_session_that_is_over_saves_nothing_and_gives_the_text_back(site: Site) -> None:
    row = site.closed()
    browser = site.visit()
    browser.cookies.set(COOKIE, "forged")
    answer = browser.post(f"/reviews/{row.ref}/sections/went_well", data={"text": "an hour's <work>"})
    assert answer.status_code == 401
    assert "an hour&#39;s &lt;work&gt;" in answer.text


def test_what_a_manager_writes_is_shown_with_name_and_survives_the_next_draft(site: Site) -> None:
    row = site.closed()
    manager = site.enter("U0MANAGER")
    field = re.search(
        r"<textarea id=\"text\"[^>]*>(.*?)</textarea>", manager.get(f"/reviews/{row.ref}?edit=went_well").text, re.S
    )
    assert field
    page = edit(manager, row.ref, "went_well", field[1] + "\n- Support knew at once")
    assert "Saved." in page
    assert "written by <bdi>engineering-manager</bdi>" in page
    with site.database.transaction() as session:
        kept = site.again(row)
        kept.cause = "a leak in release 212"
        session.merge(kept)
        drafting.draft_review(session, kept, site.policy, NOON + minutes(60))
    page = manager.get(f"/reviews/{row.ref}").text
    assert "Support knew at once" in page
    assert "a leak in release 212" in page


def test_two_who_edit_one_section_lose_nothing(site: Site) -> None:
    row = site.closed()
    manager, lead = site.enter("U0MANAGER"), site.enter("U0TEAMLEAD")
    edit(lead, row.ref, "could_improve", "An alarm was missing")
    page = edit(manager, row.ref, "could_improve", "The pool is too small")
    assert "team-lead saved this section" in page
    assert "The pool is too small</textarea>" in page
    assert "An alarm was missing" not in page.split('<textarea id="text"')[1].split("</textarea>")[0]
    both = edit(manager, row.ref, "could_improve", "An alarm was missing\nThe pool is too small", version="1")
    assert "Saved." in both
    assert "written by <bdi>team-lead</bdi>" in both and "written by <bdi>engineering-manager</bdi>" in both


def test_of_two_who_edit_one_section_the_second_reads_the_firsts_text_at_the_box(site: Site) -> None:
    row = site.closed()
    manager, lead = site.enter("U0MANAGER"), site.enter("U0TEAMLEAD")
    edit(lead, row.ref, "could_improve", "An alarm was missing\nThe pool is too small")
    page = edit(manager, row.ref, "could_improve", "The pool is too small")
    form = page.split('action="/reviews/' + row.ref + '/sections/could_improve#warning"')[1].split("</form>")[0]
    warning, theirs, mine = (
        form.index(part) for part in ('id="warning"', "An alarm was missing", '<textarea id="text"')
    )
    assert warning < theirs < mine, "first what happened, then their text, then the own one"
    assert page.count('role="alert"') == 1, "it is said at the box, and not far above it"
    assert re.search(r"An alarm was missing</bdi> <span[^>]*>not in yours", form)
    assert not re.search(r"The pool is too small</bdi> <span[^>]*>not in yours", form)
    assert "Saved by <bdi>team-lead</bdi>" in form
    joined = edit(manager, row.ref, "could_improve", "The pool is too small\nAn alarm was missing", version="1")
    assert "Saved." in joined


def test_who_emptied_a_section_that_somebody_saved_meanwhile_keeps_it_empty(site: Site) -> None:
    row = site.closed()
    manager, lead = site.enter("U0MANAGER"), site.enter("U0TEAMLEAD")
    edit(lead, row.ref, "could_improve", "An alarm was missing")
    page = edit(manager, row.ref, "could_improve", "")
    assert re.search(r'<textarea id="text"[^>]*></textarea>', page)


def test_earlier_versions_of_a_section_say_who_wrote_what_and_when(site: Site) -> None:
    row = site.closed()
    manager, lead = site.enter("U0MANAGER"), site.enter("U0TEAMLEAD")
    address = f"/reviews/{row.ref}/sections/could_improve"
    assert f'href="{address}"' not in manager.get(f"/reviews/{row.ref}").text
    edit(lead, row.ref, "could_improve", "An <alarm> was missing")
    site.at = timedelta(hours=2)
    assert "Saved." in edit(manager, row.ref, "could_improve", "The pool is too small", version="1")
    assert f'href="{address}"' in manager.get(f"/reviews/{row.ref}").text
    page = manager.get(address).text
    newest, older = page.split("<h2>Version 1")
    assert '<li class="added"><ins><span class="aloud">added: </span><bdi>The pool is too small</bdi>' in newest
    assert '<li class="removed"><del><span class="aloud">removed: </span><bdi>An &lt;alarm&gt; was missing' in newest
    assert "Compared with version 1." in newest and "Compared with the original draft." in older
    assert "engineering-manager</bdi>, 2026-11-20 14:00 UTC" in newest
    assert "An &lt;alarm&gt; was missing" in older
    assert "team-lead</bdi>, 2026-11-20 13:00 UTC" in older
    assert "Original draft" in older
    assert "Nobody has edited" in manager.get(f"/reviews/{row.ref}/sections/went_well").text
    assert manager.get(f"/reviews/{row.ref}/sections/timeline").status_code == 404
    assert site.visit().get(address).status_code == 401


def test_the_way_from_draft_to_approved_with_who_and_when(site: Site) -> None:
    row = site.closed()
    lead, manager = site.enter("U0TEAMLEAD"), site.enter("U0MANAGER")
    here = f"/reviews/{row.ref}"
    assert "Approve</button>" not in lead.get(here).text
    assert "Only the engineering manager or VP engineering can approve it" in " ".join(lead.get(here).text.split())
    send(lead, f"{here}/stage", here, wanted="in review")
    page = send(manager, f"{here}/stage", here, wanted="changes asked", note="say why <b>it</b> took two hours")
    assert "say why &lt;b&gt;it&lt;/b&gt; took two hours" in page
    refused = send(manager, f"{here}/stage", here, wanted="approved")
    assert "Changes to the review of" in refused and stage_of(site, row.incident_id) == "changes asked"
    send(lead, f"{here}/stage", here, wanted="in review")
    page = send(manager, f"{here}/stage", here, wanted="approved", anyway="yes")
    assert "Approved by engineering-manager, 2026-11-20 13:00 UTC" in page
    assert stage_of(site, row.incident_id) == "approved"


def test_the_page_says_when_the_newest_draft_was_made_beside_the_first(site: Site) -> None:
    row = site.closed()
    manager = site.enter("U0MANAGER")
    first, newer = "Drafted by Tocsin, 2026-11-20 12:22 UTC", "Drafted again by Tocsin, 2026-11-20 15:08 UTC"
    assert first in next_steps(manager, row.ref)
    with site.database.transaction() as session:
        drafting.draft_review(
            session, incidents.get(session, row.incident_id), site.policy, NOON + timedelta(minutes=188)
        )
    page = manager.get(f"/reviews/{row.ref}").text
    assert "as of 2026-11-20 15:08 UTC" in page
    assert newer in next_steps(manager, row.ref)
    assert first not in next_steps(manager, row.ref)
    history = page.split('id="history"')[1]
    assert history.index(first) < history.index(newer)
    site.at = timedelta(hours=4)
    send(manager, f"/reviews/{row.ref}/stage", f"/reviews/{row.ref}", wanted="in review")
    assert "Sent for review by engineering-manager, 2026-11-20 16:00 UTC" in next_steps(manager, row.ref)
    history = manager.get(f"/reviews/{row.ref}").text.split('id="history"')[1]
    assert history.index(newer) < history.index("Sent for review")


def next_steps(browser: TestClient, ref: str) -> str:
    """The part of a review's page that says where it stands."""
    return browser.get(f"/reviews/{ref}").text.split('class="decide"')[1].split("</section>")[0]


def test_who_does_not_approve_by_the_policy_cannot(site: Site) -> None:
    row = site.closed()
    page = send(site.enter("U0TEAMLEAD"), f"/reviews/{row.ref}/stage", wanted="approved")
    assert "Only the engineering manager or VP engineering can approve reviews. Ask engineering-manager." in page
    assert stage_of(site, row.incident_id) == "draft"


def test_of_two_who_approve_at_once_the_second_is_told_who_was_first(site: Site) -> None:
    row = site.closed()
    manager, vp = site.enter("U0MANAGER"), site.enter("U0VP")
    path = f"/reviews/{row.ref}"
    seen = token_of(vp.get(path).text)
    send(manager, f"{path}/stage", path, wanted="approved", anyway="yes")
    answer = vp.post(f"{path}/stage", data={"token": seen, "wanted": "approved"})
    assert answer.status_code == 409
    assert "was approved by engineering-manager at 2026-11-20 13:00 UTC. Nothing left to approve." in answer.text
    with site.database.transaction() as session:
        approvals = [step for step in assessments.list_steps(session, row.incident_id) if step.stage == "approved"]
    assert len(approvals) == 1


def test_an_approved_review_is_not_edited_until_somebody_asks_for_changes(site: Site) -> None:
    row = site.closed()
    manager = site.enter("U0MANAGER")
    here = f"/reviews/{row.ref}"
    send(manager, f"{here}/stage", here, wanted="approved", anyway="yes")
    page = edit(manager, row.ref, "went_well", "one more thing")
    assert "be edited. Request changes to reopen it." in page
    assert ">Edit</a>" not in page
    assert "one more thing" in page, "what was written is not lost"
    with site.database.transaction() as session:
        assert drafts.find_last(session, row.incident_id)
        kept = site.again(row)
        kept.cause = "something else"
        session.merge(kept)
        drafting.draft_review(session, kept, site.policy, NOON + minutes(70))
    assert "something else" not in manager.get(here).text, "what was approved stays as it was approved"
    send(manager, f"{here}/stage", here, wanted="changes asked", note="the cause is another")
    assert "something else" in manager.get(here).text
    assert "Saved." in edit(manager, row.ref, "went_well", "one more thing")


def test_changes_are_not_asked_for_without_saying_which(site: Site) -> None:
    row = site.closed()
    page = send(site.enter("U0MANAGER"), f"/reviews/{row.ref}/stage", wanted="changes asked", note="  ")
    assert "Say which changes you want." in page


def test_the_root_cause_is_edited_in_fields_and_comes_back_in_them(site: Site) -> None:
    row = site.closed()
    lead, here = site.enter("U0TEAMLEAD"), f"/reviews/{row.ref}"
    page = lead.get(f"{here}?edit=root_cause").text
    assert re.search(r'<textarea id="cause"[^>]*>the pool was exhausted</textarea>', page)
    typed = {
        "cause": "the pool was exhausted",
        "why_1": "a leak",
        "why_3": "no <test>",
        "factors": "- a sale\nno alarm",
    }
    page = send(lead, f"{here}/sections/root_cause", here, **typed, resolution="rolled back", rest="", version="0")
    assert "Saved." in page
    for label, words in (("Why 1", "a leak"), ("Why 2", "no &lt;test&gt;"), ("Contributing factor", "no alarm")):
        assert re.search(rf"<dt><bdi>{label}</bdi></dt><dd>\s*<bdi>{words}</bdi>", page), label
    cause = re.search(r"<dt><bdi>Primary cause</bdi></dt><dd>(.*?)</dd>", page, re.S)
    assert cause and "#" in cause[1] and "written by" not in cause[1], "an unchanged line stays linked to the record"
    page = lead.get(f"{here}?edit=root_cause").text
    assert 'name="why_2" maxlength="1000" value="no &lt;test&gt;"' in page


def test_approving_with_open_points_or_unanswered_comments_asks_first(site: Site) -> None:
    row = site.closed()
    manager, here = site.enter("U0MANAGER"), f"/reviews/{row.ref}"
    send(manager, f"{here}/comments", here, text="which pool?", section="root_cause")
    with site.database.transaction() as session:
        for number, state in enumerate((action_items.PROPOSED, action_items.OPEN), 1):
            item = {"request_key": f"{row.ref}:{number}", "text": "an alarm", "priority": "low", "state": state}
            action_items.add(session, row.incident_id, **item, made_at=NOON)
    page = send(manager, f"{here}/stage", here, wanted="approved")
    assert stage_of(site, row.incident_id) == "draft"
    assert "Still open: Detected; Services affected; Five whys; Contributing factors; what" in page
    assert "1 proposed action item to accept or decline; 1 unresolved comment." in page
    assert "Approve anyway" in page
    assert "Approved and added" in send(manager, f"{here}/stage", here, wanted="approved", anyway="yes")
    assert stage_of(site, row.incident_id) == "approved"


def test_a_comment_is_resolved_and_opened_again_by_who_may_edit(site: Site) -> None:
    row, other = site.closed(), site.closed()
    lead, here = site.enter("U0TEAMLEAD"), f"/reviews/{row.ref}"
    page = send(lead, f"{here}/comments", here, text="which pool?", section="root_cause")
    comment = re.search(rf"{here}/comments/(\d+)#", page)
    assert comment
    for _ in range(2):
        page = send(lead, f"{here}/comments/{comment[1]}", here, do="resolve")
        assert "Comment resolved." in page
        assert re.search(r'class="resolved">.*resolved by <bdi>team-lead</bdi>', page)
    assert "Reopen</button>" in page
    page = send(lead, f"{here}/comments/{comment[1]}", here, do="reopen")
    assert "resolved by" not in page and "which pool?" in page
    for path, do in ((f"/reviews/{other.ref}/comments/{comment[1]}", "resolve"), (f"{here}/comments/0", "resolve")):
        assert "The review has no such comment." in send(lead, path, here, do=do)
    assert "Choose Resolve or Reopen." in send(lead, f"{here}/comments/{comment[1]}", here, do="eat")
    beyond, token = 2**63, token_of(lead.get(here).text)  # more than the database holds, and Python does
    for path, do in ((f"{here}/comments/{beyond}", "resolve"), (f"/actions/{row.ref}/{beyond}", "done")):
        assert lead.post(path, data={"do": do, "token": token}).status_code == 404
    assert lead.get(f"{here}/metrics-{beyond}.png").status_code == 404


def test_each_export_is_offered_on_the_page_and_has_the_review(site: Site) -> None:
    row = site.closed(title="checkout <b>fails</b> & waits")
    manager = site.enter("U0MANAGER")
    page = manager.get(f"/reviews/{row.ref}").text
    for form in EXPORTS:
        assert f'href="/reviews/{row.ref}/document.{form}"' in page
        answer = manager.get(f"/reviews/{row.ref}/document.{form}")
        assert answer.status_code == 200 and row.ref in answer.text and "<b>fails" not in answer.text
    assert manager.get(f"/reviews/{row.ref}/document.docx").status_code == 404
    assert manager.get("/reviews/INC-1-1/document.notion").status_code == 404


def test_a_comment_sent_twice_is_there_once(site: Site) -> None:
    row = site.closed()
    manager = site.enter("U0MANAGER")
    for _ in range(2):
        send(manager, f"/reviews/{row.ref}/comments", text="<b>why</b> & how?", section="root_cause", request="r1")
    page = manager.get(f"/reviews/{row.ref}").text
    assert page.count("&lt;b&gt;why&lt;/b&gt; &amp; how?") == 1


@pytest.mark.parametrize("section", ["timeline", "figures", "nonsense", "action_items"])
def test_what_follows_from_the_record_is_not_written_by_hand(site: Site, section: str) -> None:
    row = site.closed()
    assert "built from the record" in edit(site.enter("U0MANAGER"), row.ref, section, "x")


def test_hostile_text_in_every_field_breaks_no_page(site: Site) -> None:
    row = site.closed(title=TYPED[:240])
    manager = site.enter("U0MANAGER")
    here = f"/reviews/{row.ref}"
    for section in ("summary", "root_cause", "went_well", "could_improve"):
        edit(manager, row.ref, section, TYPED)
        send(manager, f"{here}/comments", here, text=TYPED[:4000], section=section, request=section)
    send(manager, f"{here}/actions", here, text=TYPED[:900], owner=TYPED[:60], request="a")
    send(manager, f"{here}/stage", here, wanted="changes asked", note=TYPED[:4000])
    for path in (here, "/incidents", f"/incidents/{row.ref}", "/reviews", "/actions", f"{here}/document.md"):
        page = manager.get(path)
        assert page.status_code == 200
        own = re.sub(r'<img src="/reviews/[A-Z0-9-]+/timeline\.svg" ', "", page.text)
        assert "<script>" not in own and "<img" not in own
    assert manager.get(f"{here}/document.pdf").content.startswith(b"%PDF")


def test_the_list_says_how_an_incident_was_closed(site: Site) -> None:
    row = site.closed(title="a probe was red")
    with site.database.transaction() as session:
        incidents.get_for_change(session, row.incident_id).false_alarm = True
    assert "closed as a false alarm · declared" in site.enter("U0MANAGER").get("/incidents").text


def test_a_mark_that_turns_the_text_after_it_is_on_no_page(site: Site) -> None:
    turned = "refund\u202eexe.gpj\u2066"
    row = site.closed(title=turned)
    manager = site.enter("U0MANAGER")
    edit(manager, row.ref, "could_improve", turned)
    send(manager, f"/reviews/{row.ref}/comments", f"/reviews/{row.ref}", section="", text=turned, request="turned")
    send(manager, f"/reviews/{row.ref}/actions", f"/reviews/{row.ref}", text=turned, request="turned")
    review_page = f"/reviews/{row.ref}"
    listed = ("/incidents", "/reviews", "/actions", f"/incidents/{row.ref}")
    for path in (*listed, review_page, f"{review_page}?edit=could_improve", f"{review_page}/sections/could_improve"):
        page = manager.get(path).text
        assert "refundexe.gpj" in page, path
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", page), path


def test_too_long_a_section_is_refused_and_given_back(site: Site) -> None:
    row = site.closed()
    page = edit(site.enter("U0MANAGER"), row.ref, "went_well", "x" * 20_001)
    assert "The limit for a section is 20,000" in page
    assert "x" * 20_001 in page


def test_five_hundred_action_items_are_listed_and_done(site: Site) -> None:
    row = site.closed()
    with site.database.transaction() as session:
        for number in range(500):
            action_items.add(
                session,
                row.incident_id,
                request_key=f"many:{row.incident_id}:{number}",
                text=f"item {number} <b>",
                priority="low",
                state=action_items.OPEN,
                made_at=NOON,
            )
    manager = site.enter("U0MANAGER")
    page = manager.get(f"/reviews/{row.ref}").text
    assert page.count('name="do" value="done"') == 500
    done = send(manager, f"/actions/{row.ref}/77", do="done", back=f"/reviews/{row.ref}")
    assert done.count('name="do" value="done"') == 499
    assert "first 200" in manager.get("/actions").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": "  "}, "Say what needs to be done."),
        ({"text": "x" * 1001}, "in at most 1,000"),
        ({"text": "fine", "due": "31.12."}, "a date. Use year-month-day"),
        ({"text": "fine", "due": "2020-01-01"}, "is in the past"),
    ],
)
def test_a_bad_action_item_is_refused_with_a_sentence_and_given_back(
    site: Site, fields: dict[str, str], said: str
) -> None:
    row = site.closed()
    page = send(site.enter("U0MANAGER"), f"/reviews/{row.ref}/actions", f"/reviews/{row.ref}", **fields)
    assert said in page
    assert fields["text"].strip() in page


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("actions", {"text": "fine", "due": "2020-01-01"}),
        ("comments", {"text": " ", "section": "root_cause"}),
        ("comments", {"text": " ", "section": ""}),
        ("sections/went_well", {"text": "x" * 20_001, "version": "0"}),
    ],
    ids=["action item", "comment on a section", "comment on the whole", "section"],
)
def test_a_refusal_stands_in_the_form_that_was_refused(site: Site, form: str, fields: dict[str, str]) -> None:
    row = site.closed()
    address = f"/reviews/{row.ref}/{form}"
    page = send(site.enter("U0MANAGER"), address, f"/reviews/{row.ref}", **fields)
    assert page.count('id="warning"') == 1
    own = next(part for part in page.split("<form ") if 'id="warning"' in part.split("</form>")[0])
    assert f'action="{address}#warning"' in own, "there the browser goes, and there it is said"
    if form == "comments":
        assert f'name="section" value="{fields["section"]}"' in own


def test_a_proposal_is_accepted_on_the_page(site: Site) -> None:
    row = site.closed()
    with site.database.transaction() as session:
        action_items.add(
            session,
            row.incident_id,
            request_key=f"p:{row.incident_id}",
            text="watch the pool",
            priority="medium",
            state=action_items.PROPOSED,
            source_ref="INC-2023-2156",
            made_at=NOON,
        )
    manager = site.enter("U0MANAGER")
    assert "from INC-2023-2156" in manager.get(f"/reviews/{row.ref}").text
    page = send(manager, f"/actions/{row.ref}/1", do="accept", back=f"/reviews/{row.ref}")
    assert "Action item accepted." in page
    with site.database.transaction() as session:
        assert [item.state for item in action_items.list_of_incident(session, row.incident_id)] == [action_items.OPEN]


def test_a_private_incident_is_shown_to_its_people_alone(site: Site) -> None:
    row = site.closed(Severity.P1, "somebody reads our mail")
    with site.database.transaction() as session:
        kept = site.again(row)
        kept.ref = "SEC-2026-9001"
        session.merge(kept)
        item = {"request_key": "private", "text": "turn the keys", "priority": "high", "state": action_items.OPEN}
        action_items.add(session, row.incident_id, **item, made_at=NOON, due_on=date(2020, 1, 1))
        add_ping(session, kept, state="sent", user_ids=["U0TEAMLEAD"])
    stranger, one_of_them, paged = (site.enter(user_id) for user_id in ("U0VP", "U0RESPONDER", "U0TEAMLEAD"))
    review_page = "/reviews/SEC-2026-9001"
    exports = (f"{review_page}/document.{form}" for form in (*EXPORTS, "pdf"))
    of_review = (review_page, *exports, f"{review_page}/sections/went_well")
    for path in ("/incidents/SEC-2026-9001", *of_review):
        assert stranger.get(path).status_code == 404
        assert one_of_them.get(path).status_code == paged.get(path).status_code == 200
    for path in ("/incidents", "/reviews", "/actions"):
        assert "SEC-2026-9001" not in stranger.get(path).text
    for path in ("/reviews", "/actions"):
        assert "SEC-2026-9001" in one_of_them.get(path).text, path
        assert "SEC-2026-9001" in paged.get(path).text, path


def test_private_incidents_take_nobodys_place_in_a_list(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsing, "_LISTED", 1)
    with site.database.transaction() as session:
        for row in incidents.list_open(session, 1000):
            row.status = "closed"
        add_incident(session, ref="SEC-2026-9002", severity="P0", declared_by="U0RESPONDER")
        seen = add_incident(session, severity="P3")
    page = site.enter("U0VP").get("/incidents").text
    assert seen.ref in page
    assert "SEC-2026-9002" not in page
    assert "SEC-2026-9002" in site.enter("U0RESPONDER").get("/incidents").text


def test_a_link_that_was_posted_opens_for_people_of_the_incident_who_signed_in_with_their_own(site: Site) -> None:
    row, private = site.closed(), site.closed(Severity.P1, "somebody reads our calendar")
    with site.database.transaction() as session:
        incidents.get(session, private.incident_id).ref = "SEC-2026-9003"
    for path in (f"/reviews/{row.ref}", "/reviews/SEC-2026-9003", "/reviews/INC-2026-4711"):
        stranger = site.visit().get(f"{path}?t=an-old-link")
        assert stranger.status_code == 401
        assert "/incident review" in stranger.text
        assert "calendar" not in stranger.text and "checkout" not in stranger.text
    assert "checkout returns 502" in site.enter("U0VP").get(f"/reviews/{row.ref}").text
    assert site.enter("U0VP").get("/reviews/SEC-2026-9003").status_code == 404
    assert "reads our calendar" in site.enter("U0RESPONDER").get("/reviews/SEC-2026-9003").text


def test_guests_read_no_pages(site: Site) -> None:
    row = site.closed()
    browser = site.visit()
    sign_in(browser, sign_personal_link(BASE, KEY, "/incidents", "U0CONTRACTOR", "contractor"))
    site.standings["U0CONTRACTOR"] = Standing.GUEST
    for path in ("/incidents", f"/incidents/{row.ref}", f"/reviews/{row.ref}", f"/reviews/{row.ref}/document.md"):
        refused = browser.get(path)
        assert (refused.status_code, "Guests can report an incident" in refused.text) == (403, True)


def test_leaving_ends_the_session(site: Site) -> None:
    browser = site.enter("U0VP")
    send(browser, "/leave")
    assert browser.get("/incidents").status_code == 401


def test_lists_show_what_is_due_and_what_is_overdue(site: Site) -> None:
    row = site.closed()
    browser = site.enter("U0MANAGER")
    assert f"{row.ref}" in browser.get("/reviews").text
    site.at = timedelta(hours=60)
    assert ", overdue" in site.enter("U0MANAGER").get("/reviews").text


def test_the_timeline_of_an_incident_has_pages_that_bad_numbers_do_not_break(site: Site) -> None:
    row = site.closed()
    browser = site.enter("U0MANAGER")
    for page in ("1", "0", "-3", "99999999999", "abc", ""):
        answer = browser.get(f"/incidents/{row.ref}?page={page}")
        assert answer.status_code == 200
        assert "Declared as P1 by responder" in answer.text


def test_a_long_entry_can_be_read_whole_on_the_incidents_page(site: Site) -> None:
    row, words = site.closed(), "checkout fails for everyone & all " * 300
    with site.database.transaction() as session:
        kept = incidents.get(session, row.incident_id)
        record(session, kept, Kind.IMPACT_RECORDED, escape(words), NOON, author="U0RESPONDER")
        record(session, kept, Kind.NOTED, "a short note", NOON, author="U0RESPONDER")
    page = site.enter("U0VP").get(f"/incidents/{row.ref}").text
    whole = page.split(">Show all</summary>")
    assert len(whole) == 2, "only where something is cut"
    assert html.unescape(re.sub("<[^>]+>", "", whole[1].split("</details>")[0])).strip() == words.strip()


def test_where_the_extra_is_missing_the_pdf_says_what_to_install(site: Site) -> None:
    row = site.closed()
    site.prints = False
    answer = site.enter("U0MANAGER").get(f"/reviews/{row.ref}/document.pdf")
    assert answer.status_code == 501
    assert "pip install" in answer.text
    assert "PDF</a>" not in site.enter("U0MANAGER").get(f"/reviews/{row.ref}").text


def test_a_comment_on_the_whole_review_is_shown_on_its_page(site: Site) -> None:
    row = site.closed()
    manager, here = site.enter("U0MANAGER"), f"/reviews/{row.ref}"
    page = send(manager, f"{here}/comments", here, text="who tells <sales>?", section="", request="w1")
    assert "Comment added." in page
    whole = page.partition('<section id="whole"')[2]
    assert "who tells &lt;sales&gt;?" in whole and "engineering-manager" in whole


def test_a_comment_on_a_section_that_there_is_not_is_refused_and_given_back(site: Site) -> None:
    row = site.closed()
    manager, here = site.enter("U0MANAGER"), f"/reviews/{row.ref}"
    page = send(manager, f"{here}/comments", here, text="an hour of work", section="nowhere", request="w2")
    assert "The review has no such section." in page
    assert "an hour of work</textarea>" in page.partition('<section id="whole"')[2]
    with site.database.transaction() as session:
        assert assessments.list_comments(session, row.incident_id) == []


def test_an_incident_that_nobody_closed_is_listed_as_such_and_leads_to_its_own_page(site: Site) -> None:
    row = site.closed()
    with site.database.transaction() as session:
        kept = incidents.get_for_change(session, row.incident_id)
        change.reopen(session, kept, "U0RESPONDER", site.policy, NOON + minutes(30))
    assert row.ref not in site.enter("U0MANAGER").get("/reviews").text
    with site.database.transaction() as session:
        kept = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, kept, "U0RESPONDER", site.policy, NOON + minutes(40))
    listed = site.enter("U0MANAGER").get("/reviews").text
    assert f'<a href="/incidents/{row.ref}">{row.ref}</a>' in listed
    assert "incident not closed yet · " in listed


def test_what_is_written_in_a_review_while_its_incident_is_open_again_is_refused_and_given_back(site: Site) -> None:
    row = site.closed()
    manager, here = site.enter("U0MANAGER"), f"/reviews/{row.ref}"
    with site.database.transaction() as session:
        kept = incidents.get_for_change(session, row.incident_id)
        change.reopen(session, kept, "U0RESPONDER", site.policy, NOON + minutes(30))
    page = manager.get(here).text
    assert "Close the incident first" in page
    assert all(f">{word}<" not in page for word in ("Edit", "Approve", "Send for review", "Request changes"))
    assert "Comment</button>" in page, "what people think may be said at any time"
    page = edit(manager, row.ref, "went_well", "one more thing")
    assert "Close the incident first" in page
    assert "one more thing</textarea>" in page
    assert "Close the incident first" in send(manager, f"{here}/stage", here, wanted="approved")


def test_the_review_of_a_false_alarm_can_be_read_and_is_due_to_nobody(site: Site) -> None:
    row = site.closed()
    manager = site.enter("U0MANAGER")
    assert "Due 2026-11-22" in manager.get(f"/reviews/{row.ref}").text
    with site.database.transaction() as session:
        incidents.get_for_change(session, row.incident_id).false_alarm = True
    page = manager.get(f"/reviews/{row.ref}")
    assert page.status_code == 200 and "Due 2026" not in page.text
    assert row.ref not in manager.get("/reviews").text
