"""notices.yaml and security.yaml: what is shipped, and what is refused with file and line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import InvalidPolicy
from bot.incidents.policy import load_security
from bot.settings import REPOSITORY
from bot.severity.policy import load_severity
from bot.severity.rules import Severity
from bot.stakeholders.policy import load_notices
from bot.stakeholders.rules import fill

FOLDER = REPOSITORY / "knowledge" / "policy"


def changed(folder: Path, before: str, after: str) -> Path:
    """The shipped file with one thing changed."""
    text = (FOLDER / "notices.yaml").read_text(encoding="utf-8")
    assert before in text
    path = folder / "notices.yaml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return path


def test_the_shipped_notice_has_the_lines_of_the_runbook() -> None:
    policy = load_notices(FOLDER / "notices.yaml")
    names = [name for name, _ in policy.resolved.lines]
    assert names == ["Incident", "Status", "Duration", "Impact", "Root cause", "Resolution", "Next steps"]
    assert policy.remind_every[Severity.P0] == timedelta(minutes=30)
    assert Severity.P3 not in policy.remind_every
    assert policy.check_within == timedelta(hours=1)
    assert set(policy.checklist) == {"ticket", "stakeholders", "metrics", "alerts", "effects"}


def test_alarms_are_named_for_everything_and_by_service(tmp_path: Path) -> None:
    shipped = load_notices(FOLDER / "notices.yaml").alarms
    assert shipped is not None and (shipped.point, shipped.always, shipped.services) == ("metrics", (), {})
    named = load_notices(changed(tmp_path, "services: {}", "services: {checkout: [checkout-5xx, checkout-lag-*]}"))
    assert named.alarms is not None and named.alarms.services == {"checkout": ("checkout-5xx", "checkout-lag-*")}


def test_words_are_filled_in_once_and_never_read_as_a_template() -> None:
    policy = load_notices(FOLDER / "notices.yaml")
    notice = fill(policy.resolved, {"ref": "INC-2026-0001", "title": "{cause} {0}", "cause": "a\nb", "severity": "P1"})
    assert notice.subject == "[RESOLVED] P1 incident: {cause} {0}"
    assert dict(notice.lines)["Root cause"] == "a b"
    assert dict(notice.lines)["Resolution"] == "not known yet"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('"{impact}"', '"{impakt}"', 'unknown word "{impakt}". Did you mean "impact"'),
        ('"{impact}"', '"{impact"', "a brace is open or closed alone"),
        ('"{impact}"', '"{impact.__class__}"', "unknown word"),
        ("mail_to: []", "mail_to: [nobody]", "is not an e-mail address"),
        ("P0: 30 min", "P0: soon", "remind_every"),
        ("within: 1 h", "within: 0 min", "within"),
        ("point: metrics", "point: metric", 'unknown "metric". Did you mean "metrics"'),
        ("always: []", "always: [check*out]", "has a * elsewhere than at its end"),
        ("always: []", 'always: ["*"]', "has a * elsewhere than at its end"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_line(tmp_path: Path, before: str, after: str, says: str) -> None:
    with pytest.raises(InvalidPolicy, match=r"notices\.yaml:\d+: ") as refusal:
        load_notices(changed(tmp_path, before, after))
    assert says in str(refusal.value)


def test_the_rows_that_make_a_security_incident_are_rows_of_the_matrix() -> None:
    rows = {row.name for row in load_severity(FOLDER / "severity.yaml").rows}
    security = load_security(FOLDER / "security.yaml")
    assert security.rows and security.rows <= rows
    assert security.playbook == "PB-security"
