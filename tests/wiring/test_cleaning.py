"""What Slack sends, before any listener sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.text.masking import MASK
from bot.wiring.listeners import _storable

SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.mark.parametrize(
    "payload",
    [
        {"command": "/incident", "text": f"note {SECRET}"},
        {"event": {"files": [{"name": SECRET, "title": SECRET}]}},
        {"event": {"attachments": [{name: SECRET} for name in ("pretext", "title", "text", "fallback", "footer")]}},
        {"event": {"attachments": [{"fields": [{"title": "key", "value": SECRET}], "author_name": SECRET}]}},
        {"event": {"blocks": [{"elements": [{"type": "link", "url": f"https://x.example.com/?k={SECRET}"}]}]}},
        {"event": {"blocks": [{"type": "image", "alt_text": SECRET}]}},
        {"view": {"state": {"values": {"a": {"b": {"type": "plain_text_input", "value": SECRET}}}}}},
    ],
)
def test_secrets_are_masked_wherever_people_and_apps_write_words(payload: dict[str, Any]) -> None:
    _storable(payload, lambda: None)
    assert SECRET not in json.dumps(payload) and MASK in json.dumps(payload)


def test_what_is_to_be_called_back_stays() -> None:
    """Slack's own address for answers looks like a secret, and is one: it is used, never kept."""
    address = "https://hooks.slack.com/actions/T1/123/" + "abcdefghij0123456789ABCD"
    payload = {"response_url": address, "trigger_id": "1.2.abc", "token": "t"}
    before = dict(payload)
    _storable(payload, lambda: None)
    assert payload == before
