"""knowledge/policy/security.yaml and authority.yaml → what makes a security incident, and who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from bot.incidents.rules.authority import DECLARER, GUESTS, MEMBERS, ROSTER, ROSTER_ROLES, Act, is_id
from bot.incidents.rules.break_in import Signs, is_phrase, shows_signs, smells_of_break_in
from bot.incidents.rules.responders import ResponderRole
from bot.policy.loading import PolicyModel, load
from bot.policy.values import Many, OneOrMany, Share, Text, Typed, choose, must
from bot.severity.rules import Judgement, Severity


def _phrase(typed: str) -> str:
    if not is_phrase(typed):
        raise ValueError(f'"{typed}" is no phrase. Write words, for example "ransom*" or "leaked .. key".')
    return typed


_PHRASE = {"type": "string", "pattern": r"^[A-Za-z0-9*/. ]+$", "examples": ["leaked .. key/token"]}
_Phrases = Many[Annotated[str, Typed(_phrase, _PHRASE)]]


class SignsPolicy(PolicyModel):
    """Words of a break-in, whatever their order; see `Signs`."""

    strange: _Phrases = ()
    anyone: _Phrases = ()
    does: _Phrases = ()
    what: _Phrases = ()


class LikelyPolicy(PolicyModel):
    """From which probability on the judge's word counts; None: it does not."""

    report: Share | None = None
    ask: Share | None = None


class SecurityPolicy(PolicyModel):
    """`rows` are ids of rows of the severity matrix; `playbook` is the reference of the one to follow.

    `archive` says whether approved reviews of security incidents go into the archive, under a prefix of their own.
    What says one of the phrases of `ask` or `running` or shows `signs`, and not only as one of `unless` does, or is
    `likely` one, is declared in private, and whoever declared it is asked. `reports` is the least severity with which a
    report of one is declared by itself; None: none is. `page_at_once`: one that somebody declares pages at once,
    whatever its severity.
    """

    rows: Annotated[frozenset[Text], OneOrMany()]
    playbook: Text
    ask: _Phrases = ()
    running: _Phrases = ()
    unless: _Phrases = ()
    signs: SignsPolicy = SignsPolicy()
    likely: LikelyPolicy = LikelyPolicy()
    reports: Severity | None = None
    page_at_once: bool = True
    archive: bool = True

    def smells(self, text: str) -> bool:
        """Whether these words sound like a break-in."""
        return smells_of_break_in(text, (*self.ask, *self.running), self.unless) or self._shows_signs(text)

    def _shows_signs(self, text: str) -> bool:
        signs = Signs(self.signs.strange, self.signs.anyone, self.signs.does, self.signs.what)
        return shows_signs(text, signs, self.unless)

    def sounds_like_break_in(self, text: str, row_name: str, probability: float) -> bool:
        """Whether what is declared in these words, judged so, may be one. `probability` is the judge's."""
        return row_name in self.rows or self.smells(text) or _reaches(probability, self.likely.ask)

    def tells_of_break_in(self, text: str, judged: Judgement) -> bool:
        """Whether a report, judged so, tells of one that needs people now."""
        if smells_of_break_in(text, self.running, self.unless):
            return True
        if judged.severity is None:  # not sure that it is an incident at all
            return self._shows_signs(text)
        if judged.severity not in (Severity.P0, Severity.P1):
            return False
        return judged.row_name in self.rows or self.smells(text) or _reaches(judged.break_in, self.likely.report)


def _reaches(probability: float, least: float | None) -> bool:
    return least is not None and probability >= least


def load_security(path: Path) -> SecurityPolicy:
    """The policy that the file describes. Raises InvalidPolicy with file, line and reason."""
    return load(path, SecurityPolicy)


_KNOWN = (MEMBERS, GUESTS, ROSTER, DECLARER, *(part.value for part in ResponderRole), *ROSTER_ROLES)
_PUBLISHERS = (
    ResponderRole.COMMANDER.value,
    ResponderRole.COMMUNICATIONS.value,
    "team lead",
    "engineering manager",
    "VP engineering",
)
_ID_PATTERN = "^[UWS][A-Z0-9]{4,}$"


def _named(typed: str) -> str:
    """A kind of people or a role as it is spelled, or an id. Raises ValueError."""
    return typed if is_id(typed) else choose(typed, _KNOWN)


_Name = Annotated[str, Typed(_named, {"anyOf": [{"enum": list(_KNOWN)}, {"type": "string", "pattern": _ID_PATTERN}]})]
_Names = Annotated[Many[_Name], must(bool, f"nobody may. Name somebody, for example [{MEMBERS}].")]


class AuthorityPolicy(PolicyModel):
    """Who may do what: names of kinds of people, of roles, or ids; one that fits suffices."""

    read: _Names
    declare: _Names
    change: _Names
    false_alarm: _Names = Field(alias=Act.FALSE_ALARM.value)
    merge: _Names
    # A file of an earlier version lacks it, and what is below `edit knowledge`.
    make_private: _Names = Field((MEMBERS,), alias=Act.MAKE_PRIVATE.value)
    override: _Names = Field(alias=Act.OVERRIDE.value)
    edit_reviews: _Names = Field(alias=Act.EDIT_REVIEWS.value)
    approve: _Names = Field(alias=Act.APPROVE.value)
    edit_knowledge: _Names = Field(alias=Act.EDIT_KNOWLEDGE.value)
    drill: _Names = Field((ROSTER,), alias=Act.DRILL.value)
    publish: _Names = Field(_PUBLISHERS, alias=Act.PUBLISH.value)

    @property
    def rules(self) -> Mapping[Act, tuple[str, ...]]:
        """By act."""
        return {Act(one.alias or name): getattr(self, name) for name, one in AuthorityPolicy.model_fields.items()}

    @property
    def groups(self) -> tuple[str, ...]:
        """The ids of the user groups that are named."""
        return tuple(sorted({name for rule in self.rules.values() for name in rule if name[:1] == "S" and is_id(name)}))


def load_authority(path: Path) -> AuthorityPolicy:
    """Every act must be there, each with somebody who may. Raises InvalidPolicy with file, line and reason."""
    return load(path, AuthorityPolicy)
