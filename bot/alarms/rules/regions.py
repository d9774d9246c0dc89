"""Regions by the names that AWS shows people. Older alarms name them so, in several spellings."""

from __future__ import annotations

import re

_CODE = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
# By place, which every spelling holds: "US West - Oregon", "US West (Oregon)".
_PLACES = {
    "virginia": "us-east-1",
    "ohio": "us-east-2",
    "california": "us-west-1",
    "oregon": "us-west-2",
    "ireland": "eu-west-1",
    "london": "eu-west-2",
    "paris": "eu-west-3",
    "frankfurt": "eu-central-1",
    "zurich": "eu-central-2",
    "stockholm": "eu-north-1",
    "milan": "eu-south-1",
    "spain": "eu-south-2",
    "tokyo": "ap-northeast-1",
    "seoul": "ap-northeast-2",
    "osaka": "ap-northeast-3",
    "singapore": "ap-southeast-1",
    "sydney": "ap-southeast-2",
    "jakarta": "ap-southeast-3",
    "melbourne": "ap-southeast-4",
    "mumbai": "ap-south-1",
    "hyderabad": "ap-south-2",
    "hong kong": "ap-east-1",
    "paulo": "sa-east-1",
    "calgary": "ca-west-1",
    "canada": "ca-central-1",
    "cape town": "af-south-1",
    "bahrain": "me-south-1",
    "uae": "me-central-1",
    "tel aviv": "il-central-1",
    "beijing": "cn-north-1",
    "ningxia": "cn-northwest-1",
}


def region_of(named: str, arn: str = "") -> str:
    """The region's code: as it is named, else that of the ARN; a name that is not known stays as it is."""
    if _CODE.fullmatch(named):
        return named
    parts = arn.split(":")
    if len(parts) > 3 and _CODE.fullmatch(parts[3]):
        return parts[3]
    lowered = named.lower()
    if "govcloud" in lowered:
        return "us-gov-east-1" if "east" in lowered else "us-gov-west-1"
    return next((code for place, code in _PLACES.items() if place in lowered), named)
