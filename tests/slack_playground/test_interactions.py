"""Commands, buttons, forms and shortcuts, answered by a real Bolt app over real Socket Mode."""

import threading
from typing import Any

import pytest
from slack_bolt import Ack, App, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.demo.seed import seed_workspace
from slack_playground.app import Playground
from slack_playground.person import NotDone, Person
from slack_playground.workspace.workspace import Timing
from tests.fixtures.slack import PersonNamed, close_quickly
from tests.slack_playground.test_messages_api import INCIDENTS, refusal

INPUT = {
    "type": "input",
    "block_id": "what",
    "label": {"type": "plain_text", "text": "What is wrong?"},
    "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20},
}
CHOICE = {
    "type": "input",
    "block_id": "severity",
    "label": {"type": "plain_text", "text": "Severity"},
    "element": {
        "type": "static_select",
        "action_id": "pick",
        "options": [{"text": {"type": "plain_text", "text": p}, "value": p} for p in ("P0", "P1")],
        "initial_option": {"text": {"type": "plain_text", "text": "P1"}, "value": "P1"},
    },
}


def form(title: str = "Declare", **more: Any) -> dict[str, Any]:
    """A modal with a text field and a choice."""
    return {
        "type": "modal",
        "callback_id": "declare",
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [INPUT, CHOICE],
        **more,
    }


@pytest.fixture
def opened(app: App, connected: SocketModeHandler, responder: Person) -> dict[str, Any]:
    """The form, opened by a command."""

    @app.command("/incident")
    def open_form(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=form())
        ack()

    responder.command(INCIDENTS, "/incident declare")
    return responder.wait_for_view("declare")


def test_a_command_reaches_the_app_and_its_answer_the_person(
    app: App, connected: SocketModeHandler, responder: Person, person: PersonNamed
) -> None:
    heard: list[dict[str, Any]] = []

    @app.command("/incident")
    def answer(ack: Ack, body: dict[str, Any]) -> None:
        heard.append(body)
        ack("noted")

    responder.command(INCIDENTS, "/incident note a < b, ask @team-lead in #general")
    assert heard[0]["text"] == "note a &lt; b, ask <@U0TEAMLEAD|team-lead> in <#C0GENERAL|general>"
    assert (heard[0]["channel_id"], heard[0]["user_id"]) == (INCIDENTS, "U0RESPONDER")
    assert responder.ephemerals(INCIDENTS)[-1]["text"] == "noted"
    assert person("U0VP").ephemerals(INCIDENTS) == []


def test_an_answer_in_the_channel_is_seen_by_everybody(
    app: App, connected: SocketModeHandler, responder: Person, person: PersonNamed
) -> None:
    app.command("/incident")(lambda ack: ack(text="for all", response_type="in_channel"))
    responder.command(INCIDENTS, "/incident status")
    assert person("U0VP").messages(INCIDENTS)[-1]["text"] == "for all"


def test_an_unknown_command_is_refused_by_slack_itself(responder: Person) -> None:
    with pytest.raises(NotDone, match="unknown_command"):
        responder.command(INCIDENTS, "/nonsense")


def test_a_command_without_a_connected_app_fails_with_a_sentence() -> None:
    with Playground(seed_workspace(timing=Timing(connect=0.05))) as playground:
        responder = Person(playground.url, "U0RESPONDER")
        with pytest.raises(NotDone) as caught:
            responder.command(INCIDENTS, "/incident status")
        assert caught.value.code == "dispatch_failed"
        assert caught.value.sentence.startswith("/incident failed")


def test_a_command_that_is_not_acknowledged_times_out() -> None:
    with Playground(seed_workspace(timing=Timing(ack=0.2))) as playground:
        app = App(client=WebClient("xoxb-playground", base_url=playground.api_url))
        app.command("/incident")(lambda body: None)
        handler = SocketModeHandler(app, "xapp-playground")
        handler.client.connect()
        with pytest.raises(NotDone, match="operation_timeout"):
            Person(playground.url, "U0RESPONDER").command(INCIDENTS, "/incident status")
        close_quickly(handler.client, playground)


def test_a_response_url_works_five_times(app: App, connected: SocketModeHandler, responder: Person) -> None:
    statuses: list[int] = []
    done = threading.Event()

    @app.command("/incident")
    def answer(ack: Ack, respond: Respond) -> None:
        ack()
        statuses.extend(respond(f"answer {number}").status_code for number in range(6))
        done.set()

    responder.command(INCIDENTS, "/incident status")
    assert done.wait(10)
    assert statuses == [200] * 5 + [404]
    assert [message["text"] for message in responder.ephemerals(INCIDENTS)] == [f"answer {n}" for n in range(5)]


def test_a_pressed_button_names_itself_and_may_replace_its_message(
    app: App, connected: SocketModeHandler, web_client: WebClient, responder: Person
) -> None:
    heard: list[dict[str, Any]] = []

    @app.action("ack")
    def pressed(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        heard.append(body)
        ack()
        respond(text="acknowledged", replace_original=True)

    button = {"type": "button", "action_id": "ack", "value": "7", "text": {"type": "plain_text", "text": "Ack"}}
    block = {"type": "actions", "block_id": "row", "elements": [button]}
    ts = web_client.chat_postMessage(channel=INCIDENTS, text="page", blocks=[block])["ts"]
    message = responder.messages(INCIDENTS)[-1]
    responder.press(message, "ack")
    replaced = responder.wait_for_message(INCIDENTS, "acknowledged")
    assert replaced["ts"] == ts
    assert "blocks" not in replaced
    action = heard[0]["actions"][0]
    assert (action["action_id"], action["block_id"], action["value"]) == ("ack", "row", "7")
    assert (heard[0]["message"]["ts"], heard[0]["container"]["type"]) == (ts, "message")
    with pytest.raises(NotDone, match="action_not_found"):
        responder.press(message, "ack")


def test_an_ephemeral_message_can_be_replaced_and_taken_away(
    app: App, connected: SocketModeHandler, web_client: WebClient, responder: Person
) -> None:
    @app.action("more")
    def more(ack: Ack, respond: Respond) -> None:
        ack()
        respond(text="more of it", replace_original=True, blocks=[row("gone")])

    @app.action("gone")
    def gone(ack: Ack, respond: Respond) -> None:
        ack()
        respond(delete_original=True)

    def row(action_id: str) -> dict[str, Any]:
        button = {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "x"}}
        return {"type": "actions", "elements": [button]}

    web_client.chat_postEphemeral(channel=INCIDENTS, user="U0RESPONDER", text="a little", blocks=[row("more")])
    responder.press(responder.ephemerals(INCIDENTS)[0], "more")
    replaced = responder.wait_for_ephemeral(INCIDENTS, "more of it")
    responder.press(replaced, "gone")
    responder.wait_for(lambda: not responder.ephemerals(INCIDENTS), what="no ephemeral message")


def test_a_choice_outside_the_options_is_refused(web_client: WebClient, responder: Person) -> None:
    block = {"type": "actions", "elements": [CHOICE["element"]]}
    web_client.chat_postMessage(channel=INCIDENTS, text="choose", blocks=[block])
    with pytest.raises(NotDone, match="option_not_found"):
        responder.press(responder.messages(INCIDENTS)[-1], "pick", value="P9")


def test_a_required_field_is_asked_for_before_the_app_hears_of_it(
    app: App, opened: dict[str, Any], responder: Person
) -> None:
    assert responder.submit(opened, {"what": {"text": "  "}}) == {"what": "Please complete this required field."}
    assert responder.submit(opened, {"what": {"text": "x" * 21}}) == {"what": "Enter at most 20 characters."}
    assert responder.views()[-1]["id"] == opened["id"]


def test_a_form_carries_what_was_typed_and_the_initial_values(
    app: App, opened: dict[str, Any], responder: Person
) -> None:
    heard: list[dict[str, Any]] = []

    @app.view("declare")
    def submitted(ack: Ack, view: dict[str, Any]) -> None:
        heard.append(view["state"]["values"])
        ack()

    assert responder.submit(opened, {"what": {"text": "it is down"}}) == {}
    assert heard[0]["what"]["text"] == {"type": "plain_text_input", "value": "it is down"}
    assert heard[0]["severity"]["pick"]["selected_option"]["value"] == "P1"
    assert responder.views() == []


def test_a_form_is_told_what_is_wrong_updated_pushed_and_cleared(
    app: App, opened: dict[str, Any], responder: Person
) -> None:
    @app.view("declare")
    def submitted(ack: Ack, view: dict[str, Any]) -> None:
        wish = view["state"]["values"]["what"]["text"]["value"]
        answers: dict[str, dict[str, Any]] = {
            "errors": {"errors": {"what": "Say more."}},
            "update": {"view": form("Again")},
            "push": {"view": form("Above")},
            "clear": {},
        }
        ack(response_action=wish, **answers[wish])

    def send(wish: str) -> dict[str, str]:
        return responder.submit(responder.views()[-1], {"what": {"text": wish}})

    assert send("errors") == {"what": "Say more."}
    assert send("update") == {}
    assert [view["title"]["text"] for view in responder.views()] == ["Again"]
    assert send("push") == {}
    assert [view["title"]["text"] for view in responder.views()] == ["Again", "Above"]
    assert responder.views()[-1]["root_view_id"] == responder.views()[0]["id"]
    assert send("clear") == {}
    assert responder.views() == []


def test_closing_a_form_is_told_where_it_asked_for_it(
    app: App, connected: SocketModeHandler, responder: Person
) -> None:
    closed = threading.Event()

    @app.shortcut("declare_global")
    def open_form(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=form(notify_on_close=True))

    @app.view_closed("declare")
    def on_close(ack: Ack) -> None:
        ack()
        closed.set()

    responder.open_shortcut("declare_global")
    responder.close_view(responder.wait_for_view("declare"))
    assert closed.wait(5)
    assert responder.views() == []


def test_a_message_shortcut_carries_the_message(app: App, connected: SocketModeHandler, responder: Person) -> None:
    heard: list[str] = []

    @app.shortcut("declare_message")
    def listener(ack: Ack, body: dict[str, Any]) -> None:
        heard.append(body["message"]["text"])
        ack()

    responder.say(INCIDENTS, "checkout is down")
    responder.open_shortcut("declare_message", responder.messages(INCIDENTS)[-1])
    assert heard == ["checkout is down"]


def test_a_trigger_works_once(app: App, connected: SocketModeHandler, responder: Person) -> None:
    errors: list[str] = []

    @app.command("/incident")
    def twice(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=form())
        errors.append(refusal(client.views_open, trigger_id=body["trigger_id"], view=form()))
        ack()

    responder.command(INCIDENTS, "/incident declare")
    assert errors == ["exchanged_trigger_id"]


def test_a_trigger_expires() -> None:
    with Playground(seed_workspace(timing=Timing(trigger=-1))) as playground:
        web_client = WebClient("xoxb-playground", base_url=playground.api_url)
        app = App(client=web_client)
        errors: list[str] = []

        @app.command("/incident")
        def late(ack: Ack, body: dict[str, Any]) -> None:
            errors.append(refusal(web_client.views_open, trigger_id=body["trigger_id"], view=form()))
            ack()

        handler = SocketModeHandler(app, "xapp-playground")
        handler.client.connect()
        Person(playground.url, "U0RESPONDER").command(INCIDENTS, "/incident declare")
        close_quickly(handler.client, playground)
        assert errors == ["expired_trigger_id"]
        assert refusal(web_client.views_open, trigger_id="1.2.3", view=form()) == "invalid_trigger_id"


def test_a_view_is_updated_only_by_who_saw_it_last(web_client: WebClient, opened: dict[str, Any]) -> None:
    updated = web_client.views_update(view_id=opened["id"], hash=opened["hash"], view=form("New"))["view"]
    assert updated["hash"] != opened["hash"]
    again = refusal(web_client.views_update, view_id=opened["id"], hash=opened["hash"], view=form())
    assert again == "hash_conflict"
    assert refusal(web_client.views_update, view_id="V0NONE", view=form()) == "not_found"


def test_views_stack_three_deep(app: App, connected: SocketModeHandler, responder: Person) -> None:
    answers: list[str] = []
    button = {"type": "button", "action_id": "deeper", "text": {"type": "plain_text", "text": "Deeper"}}
    view = form(blocks=[{"type": "actions", "block_id": "row", "elements": [button]}])

    @app.command("/incident")
    def open_form(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=view)
        ack()

    @app.action("deeper")
    def deeper(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        if len(answers) < 2:
            answers.append(client.views_push(trigger_id=body["trigger_id"], view=view)["view"]["previous_view_id"])
        else:
            answers.append(refusal(client.views_push, trigger_id=body["trigger_id"], view=view))
        ack()

    responder.command(INCIDENTS, "/incident declare")
    for _ in range(3):
        responder.press(responder.views()[-1], "deeper")
    opened = [view["id"] for view in responder.views()]
    assert answers == [opened[0], opened[1], "push_limit_reached"]


def test_an_app_home_is_published_and_opened(
    app: App, connected: SocketModeHandler, web_client: WebClient, responder: Person
) -> None:
    seen = threading.Event()
    app.event("app_home_opened")(lambda event: seen.set())
    home = {"type": "home", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "Open incidents"}}]}
    web_client.views_publish(user_id="U0RESPONDER", view=home)
    responder.act("open_home")
    assert seen.wait(5)
    shown = responder.home()
    assert shown is not None
    assert shown["blocks"][0]["text"]["text"] == "Open incidents"


def test_a_person_waits_without_polling_and_says_what_was_seen(responder: Person, web_client: WebClient) -> None:
    timer = threading.Timer(0.2, web_client.chat_postMessage, kwargs={"channel": INCIDENTS, "text": "late answer"})
    timer.start()
    assert responder.wait_for_message(INCIDENTS, "late")["text"] == "late answer"
    timer.join()
    with pytest.raises(AssertionError, match="late answer"):
        responder.wait_for_event(lambda event: event["type"] == "nothing", timeout=0.05, since=0)
