"""What somebody asks to have diagnosed: a service and a name, or an ARN, with options. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.errors import BadRequest
from bot.text.nearest import nearest

EXAMPLE = "lambda orders-api"
_OPTION = re.compile(r"(?:^|\s)(?:(?:--|—|–)(?P<name>\w+)(?:\s+|=|$)|(?P<bare>at|in account)\s+)", re.IGNORECASE)
_OPTIONS = ("at", "account", "region")
_ARN = re.compile(r"arn:(?P<partition>aws[\w-]*):(?P<service>[\w-]+):(?P<region>[\w-]*):(?P<account>\d*):(?P<rest>\S+)")
_LONGEST = 300  # characters of a name


@dataclass(frozen=True, slots=True)
class DiagnosisRequest:
    """`service` is a word as typed, None where only a name was; `at` as typed. Region and number come from an ARN."""

    name: str
    service: str | None = None
    qualifier: str | None = None  # a version or alias of a function
    at: str | None = None
    account: str | None = None  # as the policy calls it
    region: str | None = None
    account_id: str | None = None  # twelve digits


def parse(text: str) -> DiagnosisRequest:
    """`lambda orders-api --at 14:05 --account prod`, an ARN with the same options, or a name. Raises BadRequest."""
    words, options = _split(text)
    if not words:
        raise BadRequest(f"Say what to check: `diagnose {EXAMPLE}`, or paste an ARN.")
    arn = next((found for word in words if (found := _ARN.fullmatch(word.strip("<>`'\"")))), None)
    if arn is not None:
        asked = _of_arn(arn)
        region = options.get("region") or asked.region
        return DiagnosisRequest(
            asked.name,
            asked.service,
            asked.qualifier,
            options.get("at"),
            options.get("account"),
            region,
            asked.account_id,
        )
    if len(words) > 2:
        raise BadRequest(f"Type one service and one name, as in `diagnose {EXAMPLE} --at 14:05`.")
    if len(words) == 1 and words[0].lower() in ("changes", "health"):
        words = [*words, "account"]
    service, name = (words[0].lower(), words[1]) if len(words) == 2 else (None, words[0])
    name = name.strip("<>`'\"")
    if not name or len(name) > _LONGEST:
        raise BadRequest(f"“{name[:40]}” isn't the name of a resource. Type for example `diagnose {EXAMPLE}`.")
    name, qualifier = _unqualified(name) if service in ("lambda", "function", "functions") else (name, None)
    return DiagnosisRequest(name, service, qualifier, options.get("at"), options.get("account"), options.get("region"))


def _split(text: str) -> tuple[list[str], Mapping[str, str]]:
    """The words before the first option, and the options. Slack turns two hyphens into a dash on some keyboards."""
    found = list(_OPTION.finditer(text))
    words = text[: found[0].start()].split() if found else text.split()
    options: dict[str, str] = {}
    for number, option in enumerate(found):
        name = (option["name"] or option["bare"].split()[-1]).lower()
        if name not in _OPTIONS:
            near = nearest(name, _OPTIONS)
            hint = f"Did you mean --{near}?" if near else f"There are {', '.join(f'--{one}' for one in _OPTIONS)}."
            raise BadRequest(f"--{name} isn't an option of diagnose. {hint}")
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        value = text[option.end() : end].strip()
        if not value:
            raise BadRequest(f"--{name} needs a value, as in `--at 14:05` or `--account prod`.")
        options[name] = value
    return words, options


# How ARNs name what we diagnose: their word for the service, the form of the rest, and our word.
_RESOURCES: tuple[tuple[str, str, str], ...] = (
    ("lambda", r"function:(?P<name>[^:]+)(?::(?P<qualifier>[^:]+))?", "lambda"),
    ("sqs", r"(?P<name>[^:/]+)", "sqs"),
    ("dynamodb", r"table/(?P<name>[^/]+)(?:/.*)?", "dynamodb"),
    ("rds", r"(?:db|cluster):(?P<name>[^:]+)", "rds"),
    ("elasticloadbalancing", r"loadbalancer/(?:app|net|gwy)/(?P<name>[^/]+)/.*", "alb"),
    ("elasticloadbalancing", r"listener(?:-rule)?/(?:app|net|gwy)/(?P<name>[^/]+)/.*", "alb"),
    ("elasticloadbalancing", r"targetgroup/(?P<name>[^/]+)/.*", "alb"),
    ("s3", r"(?P<name>[^/:]+)(?:/.*)?", "s3"),
    ("autoscaling", r"autoScalingGroup:.*autoScalingGroupName/(?P<name>.+)", "asg"),
    ("elasticache", r"(?:cluster|replicationgroup):(?P<name>[^:]+)", "elasticache"),
    ("kafka", r"(?:cluster|topic|group)/(?P<name>[^/]+)(?:/.*)?", "msk"),
    ("cloudfront", r"distribution/(?P<name>[^/]+)", "cloudfront"),
    ("apigateway", r"/(?:restapis|apis)/(?P<name>[^/]+)(?:/.*)?", "apigw"),
    ("execute-api", r"(?P<name>[^/]+)(?:/.*)?", "apigw"),
    ("route53", r"(?:hostedzone|healthcheck)/(?P<name>[^/]+)", "route53"),
    ("ec2", r"(?:instance|security-group|network-acl|vpc|subnet)/(?P<name>[^/]+)", "ec2"),
    ("iam", r"role/(?:.*/)?(?P<name>[^/]+)", "iam"),
    ("sts", r"assumed-role/(?P<name>[^/]+)/.*", "iam"),  # as whom AWS refuses a call
    ("logs", r"log-group:(?P<name>[^:]+)(?::.*)?", "logs"),
    ("sns", r"(?P<name>[^:]+)(?::.*)?", "sns"),
    ("states", r"(?:stateMachine|express|execution):(?P<name>[^:]+)(?::.*)?", "states"),
    ("ecs", r"service/(?:.*/)?(?P<name>[^/]+)", "changes"),
    ("cloudformation", r"stack/(?P<name>[^/]+)(?:/.*)?", "changes"),
    ("codedeploy", r"(?:application|deploymentgroup):(?:.*/)?(?P<name>[^/]+)", "changes"),
    ("es", r"domain/(?P<name>[^/]+)(?:/.*)?", "opensearch"),
)

# Every service that can be asked for; the last has no ARNs.
WORDS = tuple(dict.fromkeys([*(word for _, _, word in _RESOURCES), "changes", "quotas"]))


def _of_arn(arn: re.Match[str]) -> DiagnosisRequest:
    for service, form, ours in _RESOURCES:
        if service == arn["service"] and (found := re.fullmatch(form, arn["rest"])):
            parts = found.groupdict()
            return DiagnosisRequest(
                parts["name"],
                ours,
                parts.get("qualifier"),
                region=arn["region"] or None,
                account_id=arn["account"] or None,
            )
    return DiagnosisRequest(
        arn["rest"], arn["service"], region=arn["region"] or None, account_id=arn["account"] or None
    )


def _unqualified(name: str) -> tuple[str, str | None]:
    """`orders-api:LIVE` → the function and its alias."""
    function, _, qualifier = name.partition(":")
    return function, qualifier or None


def did_you_mean(typed: str, known: Sequence[str], most: int = 3, all_of_them: bool = False) -> str:
    """` Did you mean orders-api or orders-apis?`; where nothing is near the first names, empty where there are none.

    `all_of_them`: where nothing is near, all names, of which there are a few dozen at most.
    """
    lower = {name.lower(): name for name in known}
    near = [lower[name] for name in difflib.get_close_matches(typed.lower(), list(lower), n=most, cutoff=0.6)]
    near += [name for name in known if typed.lower() in name.lower() and name not in near]
    if near:
        return f" Did you mean {' or '.join(near[:most])}?"
    if not known:
        return ""
    if all_of_them:
        return f" There are {', '.join(known[:-1])} and {known[-1]}."
    return f" There are {', '.join(known[:most])}{f' and {len(known) - most} more' if len(known) > most else ''}."
