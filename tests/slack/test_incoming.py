"""Whatever part of a message holds the words, they are read: text, blocks, attachments, forwards, files."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.incoming import is_a_persons, words_of

URL = "https://s.example.com"
PROMETHEUS = {
    "subtype": "bot_message",
    "bot_id": "B0ALERTS",
    "text": "",
    "attachments": [
        {
            "fallback": "[FIRING:1] HighErrorRate",
            "color": "danger",
            "title": "[FIRING:1] HighErrorRate checkout",
            "title_link": "https://alerts.example.com/1",
            "text": "5xx above 20 % for 10 min",
            "fields": [{"title": "Severity", "value": "critical", "short": True}],
        }
    ],
}
DATADOG = {
    "bot_id": "B0DATADOG",
    "user": "U0DATADOG",
    "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "Triggered: p99 > 2s & rising"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Service*\norders-api"}]},
        {"type": "context", "elements": [{"type": "image", "alt_text": "x"}, {"type": "mrkdwn", "text": "prod"}]},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Mute"}}]},
    ],
}
FORWARD = {
    "user": "U0SUPPORT",
    "text": "is this known?",
    "attachments": [
        {"is_msg_unfurl": True, "is_share": True, "from_url": "https://x.example.com/p1", "text": "checkout is down"}
    ],
}
FORWARD_IN_BLOCKS = {
    "user": "U0SUPPORT",
    "text": "",
    "attachments": [
        {
            "is_share": True,
            "fallback": "[no preview]",
            "message_blocks": [
                {
                    "team": "T1",
                    "message": {
                        "blocks": [
                            {
                                "type": "rich_text",
                                "elements": [
                                    {
                                        "type": "rich_text_section",
                                        "elements": [
                                            {"type": "text", "text": "nobody can pay <now> "},
                                            {"type": "user", "user_id": "U0LEAD"},
                                            {"type": "emoji", "name": "fire"},
                                        ],
                                    },
                                    {
                                        "type": "rich_text_list",
                                        "elements": [
                                            {"type": "rich_text_section", "elements": [{"type": "text", "text": "EU"}]},
                                            {
                                                "type": "rich_text_section",
                                                "elements": [{"type": "link", "url": URL, "text": "US"}],
                                            },
                                        ],
                                    },
                                ],
                            }
                        ]
                    },
                }
            ],
        }
    ],
}
PREVIEW = {
    "user": "U0RESPONDER",
    "text": "see <https://blog.example.com/outage>",
    "attachments": [
        {"from_url": "https://blog.example.com/outage", "title": "A total outage of everything", "text": "All was down"}
    ],
}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (PROMETHEUS, "[FIRING:1] HighErrorRate checkout\n5xx above 20 % for 10 min\nSeverity: critical"),
        (DATADOG, "Triggered: p99 &gt; 2s &amp; rising\n*Service*\norders-api\nprod"),
        (FORWARD, "is this known?\ncheckout is down"),
        (FORWARD_IN_BLOCKS, "nobody can pay &lt;now&gt; <@U0LEAD>:fire:\n• EU\n• <https://s.example.com|US>"),
        (PREVIEW, "see <https://blog.example.com/outage>"),
        ({"text": "plain", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "twice"}}]}, "plain"),
        ({"attachments": [{"fallback": "only this"}]}, "only this"),
        ({"files": [{"name": "log.txt"}]}, "Shared log.txt"),
        ({"attachments": [{}], "blocks": [{}]}, ""),
        ({}, ""),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:20],
)
def test_what_a_message_says_is_read_wherever_it_stands(message: dict[str, Any], said: str) -> None:
    assert words_of(message) == said


def test_people_and_bots_are_told_apart() -> None:
    assert is_a_persons(FORWARD)
    assert not is_a_persons(PROMETHEUS) and not is_a_persons(DATADOG)
    assert not is_a_persons({"subtype": "channel_join", "user": "U1"})
