"""The story that the play tells: a release that keeps database transactions open takes a third of the checkouts down.

People are named by role. Minutes are those of the story.
"""

from __future__ import annotations

import re
from datetime import timedelta

from bot.demo.seed import BOT_USER_ID, FIRST_REPORT, INCIDENTS
from bot.demo.stage import Stage
from slack_playground.person import Person, content_of
from slack_playground.workspace.records import Json

REPORT = (
    f"{FIRST_REPORT}\n"
    "Calls have been coming in for ten minutes: orders fail at the payment step, in production, in every country."
)
CAUSE = (
    "Release 212 of orders-api keeps its database transaction open while it waits for the payment provider, "
    "so that 480 of the 500 connections of orders-db sat idle in transaction"
)
IMPACT = (
    "31 % of checkouts failed for half an hour and 12 % for a further hour and a half; "
    "about 2,300 orders came late, none was lost or charged twice"
)
RESOLUTION = "Release 213 ends the transaction before the payment call; idle transactions now end after 30 seconds"
FACTS = (
    "Checkout answers 502", "480 of the 500 connections", "2,300 orders", "Release 213", "P1", "team-lead",
    "of 4 steps 2 done, 1 did not help, 1 skipped",
)  # fmt: skip


def tell(play: Stage) -> str:
    """The whole story; the review as Markdown. Raises Failed at the first step that goes wrong."""
    story = Story(play)
    story.reported()
    story.declared()
    story.investigated()
    story.escalated()
    story.ended()
    return story.reviewed()


class Story:
    """What the scenes share: the people, the incident's channel, its card."""

    def __init__(self, play: Stage) -> None:
        self.play = play
        self.support, self.responder = play.person("U0SUPPORT"), play.person("U0RESPONDER")
        self.secondary, self.lead = play.person("U0SECONDARY"), play.person("U0TEAMLEAD")
        self.manager = play.person("U0MANAGER")
        self.report_ts, self.room, self.ref = "", "", ""
        self.answer: Json = {}
        self.reported_at = play.now()

    # -- scenes -------------------------------------------------------------------------------------------------------

    def reported(self) -> None:
        """Support reports; the thread gets severity and reasons."""
        with self.play.step("Customer support reports trouble in #incident-response"):
            self.reported_at = self.play.now()
            self.report_ts = self.support.say(INCIDENTS, REPORT)
        with self.play.step("Tocsin answers in the thread with severity, reasons and similar incidents"):
            self.answer = self.responder.wait_for_message(INCIDENTS, "Looks like", thread_ts=self.report_ts)
            said = content_of(self.answer)
            _expect(any(line.startswith(">") for line in said.splitlines()), f"no reasons in {said!r}")

    def declared(self) -> None:
        """The on-call engineer declares, is paged and acknowledges."""
        play = self.play
        play.until(2)
        with play.step("The on-call engineer declares it as P1"):
            self._declare()
        with play.step("Its channel opens with the card pinned, and #incident-response shows a mirror of it"):
            channel = self.responder.wait_for_channel("inc-")
            self.room = channel["id"]
            self.ref = "-".join(channel["name"].upper().split("-")[:3])
            self.responder.wait_for(lambda: self._card().get("pinned"), what="the card to be pinned")
            self.support.wait_for_message(INCIDENTS, lambda m: f"<#{self.room}" in content_of(m))
        with play.step("The on-call engineer is paged in a direct message"):
            page = self._direct(self.responder, "on-call engineer")
        play.until(4)
        with play.step("The on-call engineer acknowledges with its button and has command"):
            self.responder.press(page, "page_acknowledge")
            self.responder.wait_for_message(self.room, "Acknowledged by ")

    def investigated(self) -> None:
        """Notes, messages, a pin; the cause is found, and takes long to fix."""
        play = self.play
        with play.step("The secondary on-call joins the channel"):
            self.secondary.act("join", channel=self.room)
        if play.has_aws():
            self._diagnosed()
        play.until(6)
        with play.step("What they find is said in the channel and noted"):
            self._say(
                self.responder, "Load balancer and pods are healthy. The 502s are orders-api giving up after 30 s."
            )
            play.until(8)
            detected = self.reported_at - timedelta(minutes=10)
            self._note(f"detected at {detected:%H:%M} by customers' calls")
            self._note("services: orders-api, orders-db, checkout")
            play.until(11)
            found = self._say(
                self.secondary,
                "orders-db is at 500 of 500 connections. orders-api holds 480 of them, idle in transaction.",
            )
        with play.step("A 📌 marks the message that matters, and the timeline knows"):
            self.responder.react(self.room, found, "pushpin")
            self._whispered(self.responder, "/incident timeline", ":pushpin:")
        self.worked_through()
        play.until(15)
        with play.step("Status identified, cause recorded"):
            released = self.reported_at - timedelta(minutes=19)
            self._note(f"Release 212 of orders-api went out at {released:%H:%M}, nine minutes before the first call")
            self._command("status identified", "investigating → identified")
            self._command(f"cause {CAUSE}", "Cause: ")
        self._mitigated()

    def _diagnosed(self) -> None:
        play = self.play
        with play.step("AWS is asked about orders-db: every connection is taken"):
            self.responder.command(self.room, "/incident diagnose rds orders-db")
            self.responder.wait_for_message(self.room, "500 connections")
        with play.step("Meanwhile an alarm of CloudWatch comes in, by SNS and SQS, and has a thread of its own"):
            self.responder.wait_for_message(INCIDENTS, "carts-write-throttles* is firing")
        with play.step("And one of Alertmanager, by its webhook"):
            play.until(4.5)
            self.responder.wait_for_message(INCIDENTS, "SearchLatencyHigh* is firing")

    def _mitigated(self) -> None:
        play = self.play
        play.until(18)
        with play.step("A first remedy halves the damage, and the way back turns out to be blocked"):
            self._say(
                self.secondary, "Rollback to 211 fails: 212 changed the type of orders.total, 211 cannot read it."
            )
            play.until(24)
            self._say(self.responder, "orders-db now ends idle transactions after 30 s. Errors down from 31 % to 12 %.")
            play.until(27)
            self._note("contributing: orders-db set no limit to the time a transaction may be idle")
            self._note("contributing: release 212 changed a column type, so that it could not be rolled back")
        with play.step("The playbook is worked through to its end; Tocsin ran none of its commands"):
            self.responder.press(self._run("Step 2 of 4"), "playbook_done")
            self.responder.press(self._run("Step 3 of 4"), "playbook_not_helped")
            self.responder.press(self._run("Step 4 of 4"), "playbook_skip")
            self._run("Finished by")

    def worked_through(self) -> None:
        """The playbook for a database without connections is started; its first step is a finding."""
        self.play.until(12)
        with self.play.step("The playbook that fits is started, and its one message shows the first step"):
            self.responder.command(self.room, "/incident playbook database")
            self._run("Step 1 of 4")
        self.play.until(14)
        with self.play.step("Its first step shows what holds the connections; who found that writes it down"):
            self.responder.press(self._run("Step 1 of 4"), "playbook_note")
            form = self.responder.wait_for_view()
            self._send(form, {"line": {"line": "480 sessions of orders-api are idle in transaction"}})
            self._run("Step 2 of 4")

    def _run(self, words: str) -> Json:
        """The message of the playbook, once it says so."""
        return self.responder.wait_for_message(
            self.room, lambda m: bool(m.get("bot_id")) and "*PB-database*" in content_of(m) and words in content_of(m)
        )

    def escalated(self) -> None:
        """Two hours on, the team lead is paged, takes command and helps."""
        play = self.play
        play.until(58)
        with play.step("Time is sped up; an hour in, the fix is being built"):
            self._say(
                self.secondary, "Release 213 with the transaction ended before the payment call builds, tests run."
            )
        play.until(92)
        with play.step("It needs a second reviewer, and nobody is free"):
            self._say(
                self.responder, "213 is green in staging. It needs a second reviewer; nobody of the team is around."
            )
        if play.has_aws():
            with play.step("Both alarms are over, which their messages say; nobody is asked any more to declare them"):
                for name in ("carts-write-throttles", "SearchLatencyHigh"):
                    over = self.responder.wait_for_message(INCIDENTS, f"{name}* is OK again")
                    self.responder.wait_for_message(INCIDENTS, "OK again since", thread_ts=over["ts"])
        play.until(122, lead=60)
        with play.step("Still open after 2 h: the team lead is paged, as the escalation matrix says"):
            page = self._direct(self.lead, "2 h")
            self.responder.wait_for_message(self.room, "<@U0TEAMLEAD>")
        play.until(124)
        with play.step("The team lead answers with the button of the page"):
            self._answer_page(page)
        play.until(126)
        with play.step("The team lead reviews the fix in the incident's channel"):
            self.lead.act("join", channel=self.room)
            self._say(self.lead, "I'm here. I have read 213 and it is right: approved, ship it. I'll tell support.")

    def ended(self) -> None:
        """Mitigated, resolved and closed, each with what has to be known."""
        play = self.play
        play.until(134)
        with play.step("Mitigated, with the select on the card"):
            self._say(self.responder, "213 is on all pods. 502s are gone, orders-db is at 60 of 500 connections.")
            self.responder.press(
                self._card(), "incident_status", value=_option(self._card(), "incident_status", "mitigated")
            )
            self.responder.wait_for_message(self.room, "identified → mitigated")
        play.until(138)
        with play.step("The impact on customers is recorded"):
            self._command(f"impact {IMPACT}", "Impact: ")
        play.until(150)
        with play.step("Resolved, with the form"):
            form = self._form("incident_resolve")
            self._send(form, {"resolution": {"resolution": RESOLUTION}})
            self.responder.wait_for_message(self.room, "Resolved by ")
        play.until(153)
        with play.step("Action items: by command, and with a 📋 on what somebody said"):
            self._command("action high alarm at 80 % of orders-db's connections @secondary by Friday", "Action item 1")
            said = self._say(
                self.lead, "medium: releases that change a column type need a way back @responder in 2 weeks"
            )
            self.lead.react(self.room, said, "clipboard")
            self.responder.wait_for_message(self.room, "Action item 2")
        play.until(158)
        with play.step("Closed, with the form"):
            self.responder.wait_for(
                lambda: "incident_close" in str(self._card().get("blocks")), what="the card's Close button"
            )
            form = self._form("incident_close")
            self._send(form, {"alarm": {"alarm": "real"}, "playbook": {"playbook": "no"}})
            self.responder.wait_for_message(self.room, "Review draft of ")

    def reviewed(self) -> str:
        """The draft is announced, can be read as a page, and is printed."""
        play = self.play
        with play.step("The review draft is announced in the channel"):
            self.responder.wait_for_message(self.room, f"Review draft of {self.ref}")
        with play.step("The engineering manager has it in a direct message"):
            message = self._direct(self.manager, f"Review draft of {self.ref}")
        with play.step("Its page opens through the link and holds the facts"):
            link = re.search(r"<(http[^|>]+)\|", str(message["blocks"]))
            _expect(link is not None, f"no link in {content_of(message)!r}")
            assert link is not None
            _expect_facts(play.fetch(link[1].replace("&amp;", "&")), self.ref)
        with play.step(f"tocsin review {self.ref} prints it as Markdown"):
            review = play.tocsin("review", self.ref)
            _expect_facts(review, self.ref)
        return review

    # -- what people do -----------------------------------------------------------------------------------------------

    def _declare(self) -> None:
        """With the Declare button if the judgement is P1, else by choosing P1."""
        if "Declare P1" in str(self.answer["blocks"]):
            self.responder.press(self.answer, "report_declare")
        else:
            chosen = _option(self.answer, "report_declare_as", "P1")
            self.responder.press(self.answer, "report_declare_as", value=chosen)
        self.responder.wait_for_message(INCIDENTS, "Declared as", thread_ts=self.report_ts)

    def _answer_page(self, page: Json) -> None:
        """Acknowledge; where somebody did before, the page offers to take command."""
        acknowledge = "page_acknowledge" in str(page["blocks"])
        self.lead.press(page, "page_acknowledge" if acknowledge else "page_take_over")
        said = "Acknowledged by " if acknowledge else " takes command"
        self.responder.wait_for_message(self.room, said)

    def _card(self) -> Json:
        """The card: what the bot said first in the incident's channel."""
        said = self.responder.messages(self.room)
        return next((message for message in said if message.get("bot_id") and message.get("blocks")), {})

    def _direct(self, person: Person, contains: str) -> Json:
        """The bot's direct message with this text."""
        return person.wait_for_message(person.dm_with(BOT_USER_ID), contains)

    def _say(self, person: Person, text: str) -> str:
        return person.say(self.room, text)

    def _note(self, text: str) -> None:
        self._command(f"note {text}", text.split(" at ")[0][:40])

    def _command(self, typed: str, answer: str) -> None:
        """A command of the on-call engineer; what comes of it is said in the channel, on the card or to them alone."""
        self.responder.command(self.room, f"/incident {typed}")
        self.responder.wait_for_message(self.room, lambda m: m.get("user") == BOT_USER_ID and answer in content_of(m))

    def _whispered(self, person: Person, command: str, contains: str) -> None:
        """Type the command until its answer has it: what people do is recorded a moment after they do it."""
        for _ in range(_TRIES):
            person.command(self.room, command)
            if contains in content_of(person.ephemerals(self.room)[-1]):
                return
        raise AssertionError(f"{command} answered {content_of(person.ephemerals(self.room)[-1])!r}")

    def _form(self, action_id: str) -> Json:
        self.responder.press(self._card(), action_id)
        return self.responder.wait_for_view()

    def _send(self, form: Json, values: Json) -> None:
        complaints = self.responder.submit(form, values)
        _expect(not complaints, f"the form said {complaints}")


_TRIES = 20


def _option(message: Json, action_id: str, starts: str) -> str:
    """The value of the option of a select that starts so. Raises LookupError."""
    selects = [e for block in message.get("blocks", []) for e in block.get("elements", []) if e.get("options")]
    for select in selects:
        for option in select["options"]:
            if select["action_id"] == action_id and option["value"].startswith(starts):
                return str(option["value"])
    raise LookupError(f"no choice {starts} in {action_id}; saw {content_of(message)!r}")


def _expect(met: bool, otherwise: str) -> None:
    if not met:
        raise AssertionError(otherwise)


def _expect_facts(text: str, ref: str) -> None:
    missing = [fact for fact in (ref, *FACTS) if fact not in text]
    _expect(
        not missing, f"{', '.join(map(repr, missing))} missing in {len(text):,} characters that begin {text[:80]!r}"
    )
