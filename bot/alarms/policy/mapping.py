"""How the JSON of a sender that Tocsin does not know is read: JMESPath, field by field."""

from __future__ import annotations

from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from pydantic import Field

from bot.alarms.rules.alarm import Alarm, State, text
from bot.errors import BadRequest
from bot.policy.loading import PolicyModel
from bot.policy.values import Flag, Many, Text, Typed

_MOST = 1_000  # alarms of one delivery
_OVER = ("ok", "resolved", "closed", "recovered", "up", "success", "normal")


def _expression(typed: str) -> ParsedResult:
    try:
        return jmespath.compile(typed)
    except JMESPathError as error:
        reason = str(error).splitlines()[0].rstrip(":. ")
        raise ValueError(f'"{typed}" is not a JMESPath expression: {reason}. See https://jmespath.org.') from None


Expression = Annotated[Any, Typed(_expression, {"type": "string", "examples": ["check.name", "alerts[]"]})]


class MappingModel(PolicyModel):
    """Where each field of an alarm stands, as JMESPath expressions; those that are left out are empty."""

    alarms: Expression | None = None  # a list of alarms; without it, the whole delivery is one
    name: Expression
    state: Expression | None = None
    ok: Many[Text] = Field(_OVER)  # values of `state` that say that it is over; any other one says that it fires
    identity: Expression | None = None
    summary: Expression | None = None
    reason: Expression | None = None
    metric: Expression | None = None
    resource: Expression | None = None
    account: Expression | None = None
    region: Expression | None = None
    at: Expression | None = None
    link: Expression | None = None
    security: Flag = False

    def read(self, source: str, payload: Any) -> tuple[Alarm, ...]:
        """The alarms of a delivery. Raises BadRequest where there is nothing at the place of the name."""
        found = [payload] if self.alarms is None else _search(self.alarms, payload)
        if not isinstance(found, list):
            where = self.alarms.expression if self.alarms is not None else ""
            raise BadRequest(f"There is no list at `{where}`, where alarms.yaml looks for alarms.")
        return tuple(self._alarm(source, one) for one in found[:_MOST])

    def _alarm(self, source: str, one: Any) -> Alarm:
        name = _text(self.name, one)
        if not name:
            raise BadRequest(f"There is no text at `{self.name.expression}`, where alarms.yaml looks for the name.")
        state, resource = _text(self.state, one).lower(), _text(self.resource, one)
        over = bool(state) and state in {word.lower() for word in self.ok}
        return Alarm(
            source=source,
            name=name,
            state=State.OK if over else State.FIRING if state else State.EVENT,
            summary=_text(self.summary, one),
            reason=_text(self.reason, one),
            metric=_text(self.metric, one),
            resources=(("resource", resource),) if resource else (),
            account=_text(self.account, one),
            region=_text(self.region, one),
            at=_text(self.at, one),
            link=_text(self.link, one),
            security=self.security,
            identity=_text(self.identity, one),
        )


def _text(expression: ParsedResult | None, payload: Any) -> str:
    return text(_search(expression, payload)) if expression is not None else ""


def _search(expression: ParsedResult, payload: Any) -> Any:
    """What stands there; None where the expression does not take what stands there.

    The library lets Python's own errors through: a text compared with a number, the floor of infinity, a sum too large.
    """
    try:
        return expression.search(payload)
    except (JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError):
        return None
