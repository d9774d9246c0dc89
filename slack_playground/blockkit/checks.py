"""Small checks of JSON, put together into the grammar of Block Kit. Each adds what it finds in Slack's words."""

from collections.abc import Callable, Collection, Mapping

Findings = list[str]
Check = Callable[[object, str, Findings], None]


def finding(found: Findings, sentence: str, pointer: str) -> None:
    """Note a finding at a place."""
    found.append(f"[ERROR] {sentence} [json-pointer:{pointer}]")


def string(most: int = 255, least: int = 0) -> Check:
    """Text of a length between `least` and `most`."""

    def check(value: object, pointer: str, found: Findings) -> None:
        if not isinstance(value, str):
            finding(found, "must provide a string", pointer)
        elif len(value) > most:
            finding(found, f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            finding(found, f"must be more than {least - 1} characters", pointer)

    return check


def choice(*allowed: object) -> Check:
    """One of some values."""

    def check(value: object, pointer: str, found: Findings) -> None:
        if value not in allowed:
            finding(found, f"must be a valid enum value: {', '.join(map(str, allowed))}", pointer)

    return check


def boolean(value: object, pointer: str, found: Findings) -> None:
    """True or false."""
    if not isinstance(value, bool):
        finding(found, "must provide a boolean", pointer)


def integer(value: object, pointer: str, found: Findings) -> None:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        finding(found, "must provide an integer", pointer)


def anything(value: object, pointer: str, found: Findings) -> None:
    """No demands."""


def items(check: Check, most: int, least: int = 0) -> Check:
    """A list whose items all pass."""

    def check_all(value: object, pointer: str, found: Findings) -> None:
        if not isinstance(value, list):
            finding(found, "must provide an array", pointer)
            return
        if len(value) > most:
            finding(found, f"no more than {most} items allowed", pointer)
        if len(value) < least:
            finding(found, f"no fewer than {least} items allowed", pointer)
        for index, item in enumerate(value):
            check(item, f"{pointer}/{index}", found)

    return check_all


def record(needed: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    """An object with these fields and no others; a `type` is checked by whoever chose the record."""
    known = {**needed, **optional}

    def check(value: object, pointer: str, found: Findings) -> None:
        if not isinstance(value, dict):
            finding(found, "must provide an object", pointer)
            return
        for name in needed:
            if value.get(name) is None:
                finding(found, f"missing required field: {name}", pointer)
        for name, part in value.items():
            if name == "type" and "type" not in known:
                continue
            field = known.get(name)
            if field is None:
                finding(found, f"invalid additional property: {name}", pointer)
            elif part is not None:
                field(part, f"{pointer}/{name}", found)

    return check


def by_type(kinds: Mapping[str, Check], allowed: Collection[str] = ()) -> Check:
    """An object whose `type` chooses the check; `allowed` narrows the kinds."""

    def check(value: object, pointer: str, found: Findings) -> None:
        if not isinstance(value, dict):
            finding(found, "must provide an object", pointer)
            return
        kind = value.get("type")
        if kind is None:
            finding(found, "missing required field: type", pointer)
        elif not isinstance(kind, str) or kind not in kinds or (allowed and kind not in allowed):
            finding(found, f"unsupported type: {kind}", f"{pointer}/type")
        else:
            kinds[kind](value, pointer, found)

    return check
