"""knowledge/policy/trackers.yaml → where action items become issues. Secrets stand in the environment, by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.policy.loading import PolicyModel, Problem, load, refuse_at
from bot.policy.values import Flag, Many, Text, Typed, did_you_mean, one_of
from bot.trackers.adapters.common import Target

SECRETS = "TOCSIN_TRACKER_"  # what the names of their variables begin with
KINDS = ("github", "gitlab", "jira", "slack")
PRIORITIES = ("high", "medium", "low")
_PROJECTS = {
    "github": (r"[\w.-]+/[\w.-]+", "owner/repository"),
    "gitlab": (r"[\w.-]+(?:/[\w.-]+)+|\d+", "group/project, or the project's number"),
    "jira": (r"[A-Z][A-Z0-9_]+", "the project's key, such as SHOP"),
    "slack": (r"\S.{0,99}", "the name of a list, at most 100 characters"),
}
_URLS = {"github": "https://api.github.com", "gitlab": "https://gitlab.com", "jira": "", "slack": ""}


def _secret(typed: str) -> str:
    if not re.fullmatch(rf"{SECRETS}[A-Z0-9_]+", typed):
        raise ValueError(f'"{typed}" is not the name of a variable such as {SECRETS}GITHUB_TOKEN.')
    return typed


def _address(typed: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>|\"?#]+", typed):
        raise ValueError(f'"{typed}" is not an address such as https://example.atlassian.net.')
    return typed.rstrip("/")


def _channel(typed: str) -> str:
    if not re.fullmatch(r"[CG][A-Z0-9]{2,}", typed):
        raise ValueError(f'"{typed}" is not the id of a channel, such as C0ENGINEERING.')
    return typed


def _or_none(value: object) -> object:
    return {} if value is None else value


Secret = Annotated[str, Typed(_secret, {"type": "string", "pattern": f"^{SECRETS}[A-Z0-9_]+$"})]
Priorities = Annotated[dict[Literal["high", "medium", "low"], Text], BeforeValidator(_or_none)]


class TrackerModel(PolicyModel):
    """One tracker: where issues go, as whom, and how they are labelled."""

    kind: Annotated[str, one_of(KINDS)]
    project: Text
    token: Secret | None = None
    channel: Annotated[str, Typed(_channel, {"type": "string", "pattern": "^[CG][A-Z0-9]+$"})] | None = None
    url: Annotated[str, Typed(_address, {"type": "string", "pattern": "^https?://"})] | None = None
    user: Text | None = None
    webhook: Secret | None = None
    labels: Many[Text] = ()
    issue_type: Text = "Task"
    priorities: Priorities = Field(default_factory=dict)
    done: Text | None = None
    reopened: Text | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        problems: list[Problem] = []
        pattern, written = _PROJECTS[self.kind]
        if not re.fullmatch(pattern, self.project):
            problems.append((("project",), f'"{self.project}" is not {written}.'))
        if self.kind == "slack" and self.channel is None:
            problems.append((("channel",), "a list needs `channel`: the channel whose people see it and tick items."))
        if self.kind != "slack" and self.token is None:
            problems.append((("token",), f"{self.kind} needs `token`: the name of the variable that holds it."))
        if self.kind == "jira":
            problems += [((name,), f"Jira needs `{name}`.") for name in ("url", "user") if getattr(self, name) is None]
            blank = [one for one in self.labels if re.search(r"\s", one)]
            problems += [(("labels",), f'"{one}" has a blank, which labels of Jira have not.') for one in blank]
        refuse_at(problems)
        return self

    def target(self, name: str) -> Target:
        return Target(
            name=name,
            kind=self.kind,
            project=self.project,
            url=self.url or _URLS[self.kind],
            token=self.token or "",
            channel=self.channel or "",
            user=self.user or "",
            webhook=self.webhook or "",
            labels=self.labels,
            issue_type=self.issue_type,
            priorities={str(ours): theirs for ours, theirs in self.priorities.items()},
            done=self.done or "",
            reopened=self.reopened or "",
        )


class TrackersFile(PolicyModel):
    """Where action items become issues; as shipped, nowhere."""

    trackers: Annotated[
        dict[str, TrackerModel],
        BeforeValidator(_or_none, json_schema_input_type=dict[str, TrackerModel] | None),
    ] = Field(default_factory=dict)
    default: Text | None = None
    teams: Annotated[dict[str, Text], BeforeValidator(_or_none, json_schema_input_type=dict[str, Text] | None)] = Field(
        default_factory=dict
    )
    security: Text | None = None
    automatic: Flag = False

    @model_validator(mode="after")
    def _names_what_is_there(self) -> Self:
        named = [(("default",), self.default), (("security",), self.security)]
        places: list[tuple[tuple[str, ...], str | None]] = [*named, *((("teams", k), v) for k, v in self.teams.items())]
        known = tuple(self.trackers)
        problems: list[Problem] = [
            (place, f'unknown tracker "{name}".{did_you_mean(name, known) if known else " Add it under `trackers`."}')
            for place, name in places
            if name is not None and name not in self.trackers
        ]
        problems += [
            (("trackers", name), "a name has letters, digits, - and _ only, as it stands in an address.")
            for name in self.trackers
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name)
        ]
        if self.security in self.trackers and self.trackers[self.security].kind == "slack":
            reason = "a whole channel reads a list, so action items of security incidents go to none."
            problems.append((("security",), f"{reason} Name a private project."))
        refuse_at(problems)
        return self


@dataclass(frozen=True, slots=True)
class TrackersPolicy:
    """`teams`: what an owner is called → a tracker. Without `security` items of security incidents go nowhere."""

    targets: Mapping[str, Target] = field(default_factory=dict)
    default: str | None = None
    teams: Mapping[str, str] = field(default_factory=dict)
    security: str | None = None
    automatic: bool = False


def load_trackers(path: Path) -> TrackersPolicy:
    """The policy that the file describes; without it, no tracker. Raises InvalidPolicy with file, line and reason."""
    if not path.exists():
        return TrackersPolicy()
    file = load(path, TrackersFile)
    targets = {name: model.target(name) for name, model in file.trackers.items()}
    return TrackersPolicy(targets, file.default, file.teams, file.security, file.automatic)
