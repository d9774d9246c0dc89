"""Who follows whom, which tracker an item goes to, and what trackers.yaml may say."""

from __future__ import annotations

import pytest

from bot.errors import InvalidPolicy
from bot.trackers.policy import TrackersPolicy, load_trackers
from bot.trackers.rules.following import Step, marker_of, route, step
from tests.fixtures.policy import SHIPPED, PolicyFolder


@pytest.mark.parametrize(
    ("here", "there", "agreed", "expected"),
    [
        (False, False, False, Step.NOTHING),
        (True, True, False, Step.NOTHING),  # both closed it
        (True, False, False, Step.PUSH),  # closed here since
        (False, True, False, Step.TAKE),  # closed there since
        (False, True, True, Step.PUSH),  # reopened here since
        (True, False, True, Step.TAKE),  # reopened there since
        (False, False, True, Step.NOTHING),  # both reopened it
    ],
)
def test_whoever_changed_since_both_agreed_is_followed(here: bool, there: bool, agreed: bool, expected: Step) -> None:
    assert step(here, there, agreed) is expected


def test_the_first_owner_that_has_a_team_decides_and_else_the_default() -> None:
    teams = {"Payments team": "jira", "platform": "gitlab"}
    assert route(teams, "github", ["U1", "platform", "payments team"]) == "gitlab"
    assert route(teams, "github", ["payments TEAM"]) == "jira"
    assert route(teams, "github", []) == "github"
    assert route(teams, None, ["nobody"]) is None


def test_a_marker_is_one_word_that_says_nothing_and_differs() -> None:
    assert marker_of("command:1.2") == marker_of("command:1.2") != marker_of("command:1.3")
    assert len(marker_of("x")) == 23
    assert "command" not in marker_of("command:1.2")


JIRA = "kind: jira, project: SHOP, token: TOCSIN_TRACKER_A"
GITHUB = "trackers:\n  shop: {kind: github, project: example/shop, token: TOCSIN_TRACKER_A}\n"


def test_the_shipped_policy_names_no_tracker_and_a_written_one_is_read(policy_folder: PolicyFolder) -> None:
    assert load_trackers(SHIPPED / "trackers.yaml") == TrackersPolicy()
    file = policy_folder.edit("trackers.yaml", "trackers: {}\n", GITHUB)
    policy_folder.edit("trackers.yaml", "default:\n", "default: shop\n")
    found = load_trackers(file)
    assert (found.default, found.targets["shop"].url) == ("shop", "https://api.github.com")


@pytest.mark.parametrize(
    ("trackers", "says"),
    [
        ("shop: {kind: githup, project: a/b, token: TOCSIN_TRACKER_A}", 'Did you mean "github"?'),
        ("shop: {kind: github, project: shop, token: TOCSIN_TRACKER_A}", "is not owner/repository"),
        (
            "shop: {kind: github, project: a/b, token: SLACK_BOT_TOKEN}",
            "is not the name of a variable such as TOC",
        ),
        (f"shop: {{{JIRA}, user: a}}", "Jira needs `url`"),
        (
            "shop: {kind: jira, project: SHOP, token: TOCSIN_TRACKER_A, user: a, url: 'https://x', labels: [a b]}",
            "has a blank",
        ),
        ("shop: {kind: github, project: a/b, token: TOCSIN_TRACKER_A, priorities: {urgent: x}}", "urgent"),
        ("'a b': {kind: github, project: a/b, token: TOCSIN_TRACKER_A}", "a name has letters, digits"),
    ],
)
def test_a_mistake_is_named_with_its_line(policy_folder: PolicyFolder, trackers: str, says: str) -> None:
    file = policy_folder.edit("trackers.yaml", "trackers: {}\n", f"trackers:\n  {trackers}\n")
    with pytest.raises(InvalidPolicy, match=r"^knowledge/policy/trackers\.yaml:\d+: ") as refused:
        load_trackers(file)
    assert says in str(refused.value)


def test_a_tracker_that_is_not_there_is_named(policy_folder: PolicyFolder) -> None:
    file = policy_folder.edit("trackers.yaml", "trackers: {}\n", GITHUB)
    policy_folder.edit("trackers.yaml", "security:\n", "security: shap\n")
    with pytest.raises(InvalidPolicy, match='unknown tracker "shap"'):
        load_trackers(file)
