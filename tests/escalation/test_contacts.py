"""contacts.yaml: who holds which role when, who stands in, what doctor reports and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import BadRequest, InvalidPolicy
from bot.escalation.messages.oncall import outside_help
from bot.escalation.policy.contacts import load_contacts
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Contacts, Override, Person, Roster, Vendor, answering, check_override, who
from bot.escalation.rules.roster_gaps import find_gaps
from tests.fixtures.policy import SHIPPED, PolicyFolder

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
ROTATION = """on_call:
  time_zone: UTC
  first_hand_over: 2026-01-05T09:00
  every: 1 week
  primary: [responder]
  secondary: [second responder]
"""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def names(people: tuple[Person, ...]) -> list[str]:
    return [person.name for person in people]


def with_rotation(policy_folder: PolicyFolder, rotation: str) -> Contacts:
    return load_contacts(policy_folder.edit("contacts.yaml", ROTATION, rotation))


def test_the_shipped_contacts_fit_the_demos_workspace_and_have_no_hole() -> None:
    shipped = load_contacts(SHIPPED / "contacts.yaml")
    assert {role: [person.slack for person in who(shipped, role, NOW)] for role in Role} == {
        Role.ON_CALL: ["U0RESPONDER"],
        Role.SECONDARY: ["U0SECONDARY"],
        Role.TEAM_LEAD: ["U0TEAMLEAD"],
        Role.ENGINEERING_MANAGER: ["U0MANAGER"],
        Role.VP: ["U0VP"],
    }
    assert find_gaps(Roster(shipped), NOW) == ()
    assert (shipped.channels.announcement, shipped.channels.stakeholder) == ("incident-response", "incident-updates")
    assert all(person.email and person.email.endswith("@example.com") for person in shipped.people.values())
    assert Vendor("AWS Support", "Open a case under the Enterprise plan") in shipped.vendors
    assert outside_help(shipped)[1:] == [
        "*Customer support:* support@example.com",
        "*Status page:* https://status.example.com",
    ]
    assert shipped.by_slack("U0VP") == shipped.people["VP engineering"]
    assert shipped.by_slack("U0NOBODY") is None


def test_people_and_user_groups_are_mentioned_in_slacks_notation_and_others_not() -> None:
    assert Person("a", slack="U1").mention == "<@U1>"
    assert Person("b", user_group="S1").mention == "<!subteam^S1>"
    assert Person("c", email="c@example.com").mention is None


def test_the_rotation_hands_over_on_the_minute_and_goes_round(policy_folder: PolicyFolder) -> None:
    people = (
        "primary: [responder, second responder, team lead]\n  secondary: [second responder, team lead, responder]\n"
    )
    contacts = with_rotation(
        policy_folder,
        ROTATION.replace("primary: [responder]\n  secondary: [second responder]\n", people),
    )
    for at, primary, secondary in (
        ("2026-01-05T09:00", "responder", "second responder"),
        ("2026-01-12T08:59:59", "responder", "second responder"),
        ("2026-01-12T09:00", "second responder", "team lead"),
        ("2026-01-19T09:00", "team lead", "responder"),
        ("2026-01-26T09:00", "responder", "second responder"),
        ("2026-01-05T08:59", "team lead", "responder"),  # before the first hand-over: the round runs backwards
    ):
        assert names(who(contacts, Role.ON_CALL, utc(at))) == [primary], at
        assert names(who(contacts, Role.SECONDARY, utc(at))) == [secondary], at


@pytest.mark.parametrize(
    ("first", "every", "at", "primary"),
    [
        # 09:00 in Berlin is 08:00 UTC in winter and 07:00 in summer.
        ("2026-03-23T09:00", "1 week", "2026-03-30T06:59", "responder"),
        ("2026-03-23T09:00", "1 week", "2026-03-30T07:00", "second responder"),
        ("2026-10-19T09:00", "1 week", "2026-10-26T07:59", "responder"),
        ("2026-10-19T09:00", "1 week", "2026-10-26T08:00", "second responder"),
        # 02:30 happens twice on 25 October, at 00:30 and 01:30 UTC: the hand-over is the first, and stays.
        ("2026-10-24T02:30", "1 day", "2026-10-25T00:29", "responder"),
        ("2026-10-24T02:30", "1 day", "2026-10-25T00:30", "second responder"),
        ("2026-10-24T02:30", "1 day", "2026-10-25T01:05", "second responder"),
        # 02:30 does not happen on 29 March: the hand-over is at 03:30, 01:30 UTC.
        ("2026-03-28T02:30", "1 day", "2026-03-29T01:29", "responder"),
        ("2026-03-28T02:30", "1 day", "2026-03-29T01:30", "second responder"),
    ],
)
def test_hand_over_follows_the_wall_clock_over_both_clock_changes(
    policy_folder: PolicyFolder, first: str, every: str, at: str, primary: str
) -> None:
    contacts = with_rotation(
        policy_folder,
        f"""on_call:
  time_zone: Europe/Berlin
  first_hand_over: {first}
  every: {every}
  primary: [responder, second responder]
""",
    )
    assert names(who(contacts, Role.ON_CALL, utc(at))) == [primary]


SHIFTS = """on_call:
  time_zone: Europe/Berlin
  shifts:
    - {from: 2026-11-16T09:00, until: 2026-11-23T09:00, primary: responder, secondary: second responder}
    - {from: 2026-11-23T09:00, until: 2026-11-30T09:00, primary: second responder}
"""


def test_written_out_shifts_hold_from_start_to_end(policy_folder: PolicyFolder) -> None:
    contacts = with_rotation(policy_folder, SHIFTS)
    assert names(who(contacts, Role.ON_CALL, utc("2026-11-23T07:59"))) == ["responder"]
    assert names(who(contacts, Role.ON_CALL, utc("2026-11-23T08:00"))) == ["second responder"]
    assert who(contacts, Role.SECONDARY, utc("2026-11-23T08:00")) == ()
    assert who(contacts, Role.ON_CALL, utc("2026-11-30T08:00")) == ()
    assert who(contacts, Role.ON_CALL, utc("2026-11-16T07:59")) == ()


def test_an_override_holds_for_its_time_and_one_made_in_slack_goes_first(policy_folder: PolicyFolder) -> None:
    row = "{role: on-call engineer, person: team lead, from: 2026-11-20T09:00, until: 2026-11-20T12:00}"
    contacts = load_contacts(policy_folder.edit("contacts.yaml", "overrides: []", f"overrides:\n  - {row}"))
    assert names(who(contacts, Role.ON_CALL, utc("2026-11-20T08:59"))) == ["responder"]
    assert names(who(contacts, Role.ON_CALL, utc("2026-11-20T09:00"))) == ["team lead"]
    assert names(who(contacts, Role.ON_CALL, utc("2026-11-20T12:00"))) == ["responder"]
    assert names(who(contacts, Role.SECONDARY, NOW)) == ["second responder"]
    manager = contacts.people["engineering manager"]
    in_slack = Override(Role.ON_CALL, (manager,), NOW, NOW + timedelta(hours=1))
    assert who(contacts, Role.ON_CALL, NOW, [in_slack]) == (manager,)


def test_an_empty_rung_falls_to_the_secondary_then_up_then_down(policy_folder: PolicyFolder) -> None:
    with_rotation(policy_folder, SHIFTS)
    policy_folder.edit("contacts.yaml", "  VP engineering: [VP engineering]\n", "")
    contacts = load_contacts(policy_folder.edit("contacts.yaml", "  team lead: [team lead]\n", "  team lead: []\n"))
    while_scheduled, afterwards = utc("2026-11-20T10:00"), utc("2026-12-20T10:00")
    assert answering(contacts, Role.ON_CALL, while_scheduled)[0] is Role.ON_CALL
    assert answering(contacts, Role.TEAM_LEAD, while_scheduled)[0] is Role.ENGINEERING_MANAGER
    assert answering(contacts, Role.VP, while_scheduled)[0] is Role.ENGINEERING_MANAGER
    assert answering(contacts, Role.ON_CALL, afterwards)[0] is Role.ENGINEERING_MANAGER
    assert names(answering(contacts, Role.ON_CALL, afterwards)[1]) == ["engineering manager"]


def test_doctor_hears_of_every_hole_with_its_fix(policy_folder: PolicyFolder) -> None:
    policy_folder.edit("contacts.yaml", "secondary: [second responder]\n", "secondary: [responder]\n")
    policy_folder.edit("contacts.yaml", "  VP engineering: [VP engineering]\n", "")
    policy_folder.edit("contacts.yaml", "slack: U0TEAMLEAD, ", "")
    row = "{role: team lead, person: team lead, from: 2026-01-01T09:00, until: 2026-01-02T09:00}"
    contacts = load_contacts(policy_folder.edit("contacts.yaml", "overrides: []", f"overrides:\n  - {row}"))
    found = {hole.reason: hole.fix for hole in find_gaps(Roster(contacts), NOW)}
    assert set(found) == {
        "nobody holds the role VP engineering; its pages go to the engineering manager",
        "team lead has no Slack id and cannot be paged there",
        "responder is both the on-call engineer and the secondary, so a breach pages nobody new",
        "an override ended on 2026-01-02 and does nothing any more",
    }
    assert all("knowledge/policy/contacts.yaml" in fix for fix in found.values())


def test_when_nobody_holds_any_role_doctor_says_that_pings_go_to_nobody(policy_folder: PolicyFolder) -> None:
    with_rotation(policy_folder, SHIFTS)
    for role in ("team lead", "engineering manager", "VP engineering"):
        policy_folder.edit("contacts.yaml", f"  {role}: [{role}]\n", "")
    file = policy_folder.edit("contacts.yaml", "roles:\n", "roles: {}\n")
    found = find_gaps(Roster(load_contacts(file)), utc("2027-01-01T00:00"))
    assert [hole.role for hole in found] == list(Role)
    assert all(hole.reason.endswith("its pages go to nobody") for hole in found)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("slack: U0RESPONDER", "slack: '@responder'", "not a Slack member id"),
        ("{slack: U0VP, email: vp-engineering@example.com}", "{}", "cannot be reached"),
        ("slack: U0VP,", "slack: U0VP, user_group: S0VPS,", "Keep one"),
        ("slack: U0VP,", "slack: U0VP, phone: 555-0100,", "telephone number"),
        ("slack: U0VP,", "slak: U0VP,", 'Did you mean "slack"'),
        ("email: vp-engineering@example.com", "email: vp-engineering", "not an e-mail address"),
        ("team lead: [team lead]", "team leed: [team lead]", 'Did you mean "team lead"'),
        ("team lead: [team lead]", "team lead: [team leed]", 'Did you mean "team lead"'),
        ("team lead: [team lead]", "team lead: [team lead, team lead]", "named twice"),
        ("  time_zone: UTC\n", "  time_zone: Mars/Olympus\n", "unknown time zone"),
        ("  every: 1 week\n", "  every: weekly\n", "not a span of time"),
        ("  every: 1 week\n", "  every: 5 min\n", "at least 1 h"),
        ("first_hand_over: 2026-01-05T09:00", "first_hand_over: 2026-01-05T09:00+01:00", "without offset"),
        ("  primary: [responder]\n", "  primary: []\n", "Name at least one person"),
        ("  primary: [responder]\n", "  primary: [responder, ~]\n", "leaves a gap"),
        ("  primary: [responder]\n", "  primry: [responder]\n", 'Did you mean "primary"'),
        ("  announcement: incident-response ", "  announcement: #incident-response ", "without the # sign"),
        ("  stakeholder: incident-updates ", "  stakeholder: Incident Updates ", "not a channel name"),
        ("  - {name: Datadog, reach: Write to their support}", "  - {name: Datadog}", '"reach" is missing'),
    ],
)
def test_bad_contacts_are_refused_with_line_and_reason(
    policy_folder: PolicyFolder, old: str, new: str, reason: str
) -> None:
    file = policy_folder.edit("contacts.yaml", old, new)
    line = policy_folder.line_of("contacts.yaml", new.strip("\n"))
    with pytest.raises(InvalidPolicy) as refused:
        load_contacts(file)
    assert str(refused.value).startswith(f"knowledge/policy/contacts.yaml:{line}: ")
    assert reason in str(refused.value)


FIRST = "{role: team lead, person: responder, from: 2026-12-01T09:00, until: 2026-12-03T09:00}"


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ("{role: team lead, person: responder, from: 2026-12-02T09:00, until: 2026-12-04T09:00}", "overlaps"),
        ("{role: team lead, person: responder, from: 2026-12-05T09:00, until: 2026-12-05T09:00}", "when or before"),
        ("{role: team lead, person: responder, from: 2026-12-06T09:00, until: 2026-12-05T09:00}", "when or before"),
        ("{role: barista, person: responder, from: 2026-12-05T09:00, until: 2026-12-06T09:00}", 'unknown "barista"'),
        ("{role: team lead, person: stranger, from: 2026-12-05T09:00, until: 2026-12-06T09:00}", "nobody called"),
        ("{role: team lead, person: responder, from: soon, until: 2026-12-06T09:00}", "not a date and time"),
    ],
)
def test_a_bad_override_is_refused_with_its_line(policy_folder: PolicyFolder, second: str, reason: str) -> None:
    file = policy_folder.edit("contacts.yaml", "overrides: []", f"overrides:\n  - {FIRST}\n  - {second}")
    line = policy_folder.line_of("contacts.yaml", second)
    with pytest.raises(InvalidPolicy) as refused:
        load_contacts(file)
    assert str(refused.value).startswith(f"knowledge/policy/contacts.yaml:{line}: ")
    assert reason in str(refused.value)


def test_overrides_that_meet_do_not_overlap(policy_folder: PolicyFolder) -> None:
    second = "{role: team lead, person: VP engineering, from: 2026-12-03T09:00, until: 2026-12-04T09:00}"
    file = policy_folder.edit("contacts.yaml", "overrides: []", f"overrides:\n  - {FIRST}\n  - {second}")
    assert len(load_contacts(file).overrides) == 2


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("- {from: 2026-11-23T09:00", "- {from: 2026-11-23T10:00", "nobody is on call from 2026-11-23 08:00"),
        ("- {from: 2026-11-23T09:00", "- {from: 2026-11-23T08:00", "begins before the shift above"),
        ("until: 2026-11-30T09:00", "until: 2026-11-22T09:00", "when or before"),
        ("primary: second responder}", "primary: }", "leaves a gap"),
    ],
)
def test_shifts_with_gaps_or_overlaps_are_refused(policy_folder: PolicyFolder, old: str, new: str, reason: str) -> None:
    file = policy_folder.edit("contacts.yaml", ROTATION, SHIFTS.replace(old, new))
    line = policy_folder.line_of("contacts.yaml", new)
    with pytest.raises(InvalidPolicy) as refused:
        load_contacts(file)
    assert str(refused.value).startswith(f"knowledge/policy/contacts.yaml:{line}: ")
    assert reason in str(refused.value)


@pytest.mark.parametrize("line", ["", "  support:\n", "  support: ~\n"])
def test_without_a_channel_for_support_there_is_none(policy_folder: PolicyFolder, line: str) -> None:
    whole = next(row for row in (SHIPPED / "contacts.yaml").read_text().splitlines() if row.startswith("  support:"))
    channels = load_contacts(policy_folder.edit("contacts.yaml", whole + "\n", line)).channels
    assert (channels.stakeholder, channels.support) == ("incident-updates", None)


def test_every_optional_part_may_be_left_out(policy_folder: PolicyFolder) -> None:
    required = ("people:", "roles:", "on_call:", "channels:")
    blocks = (SHIPPED / "contacts.yaml").read_text().split("\n\n")
    kept = [block for block in blocks if any(f"\n{key}" in f"\n{block}" for key in required)]
    (policy_folder.path / "contacts.yaml").write_text("\n\n".join(kept) + "\n", encoding="utf-8")
    contacts = load_contacts(policy_folder.path / "contacts.yaml")
    assert (contacts.overrides, contacts.vendors, contacts.support_email, contacts.status_page) == ((), (), None, None)
    assert outside_help(contacts) == []


def test_a_schedule_without_any_shift_is_refused(policy_folder: PolicyFolder) -> None:
    with pytest.raises(InvalidPolicy, match="Add at least one shift"):
        with_rotation(policy_folder, "on_call: {time_zone: UTC, shifts: []}\n")


def test_an_override_asked_for_in_slack_must_lie_ahead_and_overlap_no_other() -> None:
    person, hour = Person("responder", slack="U0RESPONDER"), timedelta(hours=1)
    existing = [Override(Role.ON_CALL, (person,), NOW + hour, NOW + 3 * hour)]
    check_override(Override(Role.ON_CALL, (person,), NOW - hour, NOW + hour), existing, NOW)
    check_override(Override(Role.SECONDARY, (person,), NOW + hour, NOW + 3 * hour), existing, NOW)
    for from_at, until_at, reason in (
        (NOW + hour, NOW, "ends before it begins"),
        (NOW - 2 * hour, NOW, "already be over"),
        (NOW, NOW + 2 * hour, "responder already holds on-call engineer until 2026-11-20 13:00 UTC"),
    ):
        with pytest.raises(BadRequest, match=reason):
            check_override(Override(Role.ON_CALL, (person,), from_at, until_at), existing, NOW)


def test_a_file_outside_the_knowledge_folder_is_named_by_its_whole_path(tmp_path: Path) -> None:
    file = tmp_path / "contacts.yaml"
    file.write_text("people: {}\n", encoding="utf-8")
    with pytest.raises(InvalidPolicy) as refused:
        load_contacts(file)
    assert str(refused.value).startswith(f'{file}:1: contacts: "roles" is missing')
