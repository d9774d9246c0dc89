"""Block Kit's limits, each with the place where it is broken."""

from typing import Any

import pytest

from slack_playground.api.calls import ApiError
from slack_playground.blockkit.blocks import check_message_blocks, check_view


def plain(text: str) -> dict[str, Any]:
    """A plain text object."""
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> dict[str, Any]:
    """A button."""
    return {"type": "button", "text": plain("Go"), **more}


def select(count: int) -> dict[str, Any]:
    """A select with so many options."""
    return {"type": "static_select", "options": [{"text": plain(str(n)), "value": str(n)} for n in range(count)]}


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"type": "section"}, "must define either `text` or `fields` [json-pointer:/blocks/0]"),
    ({"type": "section", "text": plain("")}, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ({"type": "section", "text": "bare"}, "must provide an object [json-pointer:/blocks/0/text]"),
    ({"type": "section", "fields": [plain("x")] * 11}, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters"),
    ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "unsupported type: mrkdwn"),
    ({"type": "context", "elements": [plain("x")] * 11}, "no more than 10 items allowed"),
    ({"type": "actions", "elements": [button()] * 26}, "no more than 25 items allowed"),
    ({"type": "actions", "elements": []}, "no fewer than 1 items allowed"),
    ({"type": "actions", "elements": [button(text=plain("x" * 76))]}, "must be less than 76 characters"),
    ({"type": "actions", "elements": [button(value="x" * 2001)]}, "must be less than 2001 characters"),
    ({"type": "actions", "elements": [button(style="loud")]}, "must be a valid enum value: primary, danger"),
    ({"type": "actions", "elements": [button(colour="red")]}, "invalid additional property: colour"),
    ({"type": "actions", "elements": [button(action_id="a"), button(action_id="a")]}, "`action_id` already exists: a"),
    ({"type": "actions", "elements": [select(101)]}, "no more than 100 items allowed"),
    ({"type": "actions", "elements": [select(0)]}, "no fewer than 1 items allowed"),
    ({"type": "actions", "elements": [{"type": "plain_text_input"}]}, "unsupported type: plain_text_input"),
    ({"type": "divider", "block_id": "x" * 256}, "must be less than 256 characters"),
    ({"type": "image", "alt_text": "x"}, "missing required field: image_url"),
    ({"type": "marquee"}, "unsupported type: marquee [json-pointer:/blocks/0/type]"),
    ({}, "missing required field: type [json-pointer:/blocks/0]"),
]


@pytest.mark.parametrize(("block", "sentence"), BROKEN)
def test_a_broken_block_is_refused_with_its_reason(block: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_message_blocks([block])
    assert caught.value.code == "invalid_blocks"
    messages = caught.value.body()["response_metadata"]["messages"]
    assert any(sentence in message for message in messages), messages


def test_a_message_has_fifty_blocks_with_different_ids() -> None:
    assert check_message_blocks([{"type": "divider"}] * 50)
    with pytest.raises(ApiError, match="invalid_blocks"):
        check_message_blocks([{"type": "divider"}] * 51)
    with pytest.raises(ApiError, match="invalid_blocks"):
        check_message_blocks([{"type": "divider", "block_id": "a"}] * 2)


def test_the_texts_of_a_message_have_a_common_limit() -> None:
    section = {"type": "section", "text": plain("x" * 3000)}
    assert check_message_blocks([section] * 4)
    with pytest.raises(ApiError, match="msg_blocks_too_long"):
        check_message_blocks([section] * 5)


def test_a_rich_message_is_accepted() -> None:
    confirm = {"title": plain("Sure?"), "text": plain("It pages people."), "confirm": plain("Yes"), "deny": plain("No")}
    overflow = {"type": "overflow", "options": [{"text": plain("Edit"), "value": "edit"}]}
    assert check_message_blocks(
        [
            {"type": "header", "text": plain("INC-2026-0001")},
            {"type": "section", "text": {"type": "mrkdwn", "text": "*P1*", "verbatim": True}, "accessory": overflow},
            {"type": "section", "fields": [plain("a"), {"type": "mrkdwn", "text": "b"}]},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "since 03:00"}]},
            {"type": "actions", "elements": [button(confirm=confirm, style="danger"), {"type": "users_select"}]},
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
            {"type": "markdown", "text": "# Title"},
        ]
    )


def modal(**more: Any) -> dict[str, Any]:
    """A modal with one divider."""
    return {"type": "modal", "title": plain("Declare"), "blocks": [{"type": "divider"}], **more}


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        (modal(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (modal(private_metadata="x" * 3001), "must be less than 3001 characters"),
        (modal(blocks=[{"type": "divider"}] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
        (modal(colour="red"), "invalid additional property: colour"),
        ({"type": "home", "blocks": []}, "must provide a view of type modal"),
        (
            modal(blocks=[{"type": "input", "label": plain("x"), "element": {"type": "plain_text_input"}}]),
            "missing required field: submit",
        ),
    ],
)
def test_a_broken_view_is_refused_with_its_reason(view: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_view(view, "modal")
    assert caught.value.code == "invalid_arguments"
    messages = caught.value.body()["response_metadata"]["messages"]
    assert any(sentence in message for message in messages), messages


def test_a_view_has_a_limit_of_size() -> None:
    section = {"type": "section", "text": plain("x" * 3000)}
    with pytest.raises(ApiError, match="view_too_large"):
        check_view(modal(blocks=[section] * 90), "modal")
