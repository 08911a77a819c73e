"""Where data may go: regions inside the European Union, unless somebody spells out that they want otherwise."""

from __future__ import annotations

import re

from fruits.cloud.errors import UsageError

DEFAULT = "eu-west-3"
# AWS's public list of regions. London (eu-west-2) and Zurich (eu-central-2) are in Europe, not in the Union.
EU = {
    "eu-central-1": "Frankfurt",
    "eu-north-1": "Stockholm",
    "eu-south-1": "Milan",
    "eu-south-2": "Spain",
    "eu-west-1": "Ireland",
    "eu-west-3": "Paris",
}
_SHAPE = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")


def choose_region(*wishes: str | None, outside_eu: bool = False) -> str:
    """Return the first wish that is one (flag, environment, profile), else Paris.

    Raises:
        UsageError: it is no region's name, or lies outside the Union and ``outside_eu`` is not set.
    """
    region = next((wish for wish in wishes if wish), DEFAULT)
    if not _SHAPE.fullmatch(region):
        raise UsageError(f"{region} is not the name of a region; one in the EU is {DEFAULT} (Paris)")
    if region not in EU and not outside_eu:
        known = ", ".join(f"{name} ({city})" for name, city in EU.items())
        raise UsageError(
            f"{region} is outside the European Union; choose one of {known},"
            " or say --outside-eu if the data may leave it"
        )
    return region
