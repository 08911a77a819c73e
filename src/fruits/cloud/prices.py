"""What an hour costs: a dated table in the package, newer when it was refreshed from AWS's Pricing API."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from fruits.cloud.aws import Aws, aws_errors
from fruits.cloud.errors import CloudError, UsageError

OLD_AFTER = 180  # days after which a forecast warns of the table's age
PRICING_REGION = "eu-central-1"  # the Pricing API lives in a few regions only; this one is in the EU


@dataclass(frozen=True)
class Instance:
    """A type of machine: processors, memory in GiB, ``x86_64`` or ``arm64``."""

    name: str
    vcpus: int
    memory_gb: int
    architecture: str


@dataclass(frozen=True)
class Rate:
    """USD an hour of one instance: the machine on demand, and EMR's surcharge; of which day, and from where."""

    on_demand: float
    emr: float
    as_of: date
    source: str


@dataclass(frozen=True)
class Prices:
    """The table.

    Attributes:
        as_of: day of the package's prices, those of machines and all others.
        source: where they come from.
        rates: by (instance, region); each with its own day and source, for it may have been refreshed.
        instances: by name.
        serverless: USD an hour by region, architecture, then ``vcpu`` and ``gb``.
        eur: euros for a dollar.
        eur_as_of: day of that rate.
        other: disk, addresses, S3 requests.
    """

    as_of: date
    source: str
    rates: dict[tuple[str, str], Rate]
    instances: dict[str, Instance]
    serverless: dict[str, dict[str, dict[str, float]]]
    eur: float
    eur_as_of: date
    other: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, refreshed: Path | None = None) -> Prices:
        """Read the package's table, and over it the rates that :func:`refresh` wrote to ``refreshed``, if any."""
        folder = resources.files("fruits.cloud") / "data"
        document = json.loads((folder / "prices.json").read_text(encoding="utf-8"))
        as_of, source = date.fromisoformat(document["as_of"]), document["source"]
        prices = cls(
            as_of=as_of,
            source=source,
            rates=_rates((folder / "prices.csv").read_text(encoding="utf-8"), as_of, source),
            instances={name: Instance(name, **values) for name, values in document["instances"].items()},
            serverless=document["serverless"],
            eur=document["usd_to_eur"]["rate"],
            eur_as_of=date.fromisoformat(document["usd_to_eur"]["as_of"]),
            other={name: value for name, value in document.items() if isinstance(value, float)},
        )
        return replace(prices, rates=prices.rates | _refreshed(refreshed)) if refreshed else prices

    def instance(self, name: str) -> Instance:
        """Return a type of machine.

        Raises:
            UsageError: the table does not know it.
        """
        if name not in self.instances:
            raise UsageError(f"there is no price for {name}; choose one of {', '.join(self.instances)}")
        return self.instances[name]

    def rate(self, instance: str, region: str) -> tuple[Rate, str]:
        """Return what ``instance`` costs in ``region`` and, if the table lacks the region, a warning.

        The dearest other region stands in then, so that a budget errs on the safe side.
        """
        self.instance(instance)
        if found := self.rates.get((instance, region)):
            return found, ""
        others = [rate for (name, _), rate in self.rates.items() if name == instance]
        dearest = max(others, key=lambda rate: rate.on_demand + rate.emr)
        return dearest, f"no price of {instance} in {region} is known; the dearest other region's stands in"

    def serverless_rate(self, architecture: str, region: str) -> tuple[dict[str, float], str]:
        """Return USD an hour for a ``vcpu`` and a ``gb`` of EMR Serverless and, as in :meth:`rate`, a warning."""
        if region in self.serverless:
            return self.serverless[region][architecture], ""
        dearest = max((each[architecture] for each in self.serverless.values()), key=lambda rate: rate["vcpu"])
        return dearest, f"no price of EMR Serverless in {region} is known; the dearest other region's stands in"

    def to_eur(self, usd: float) -> float:
        """Return dollars in euros."""
        return usd * self.eur

    def age(self, today: date | None = None, region: str = "") -> str:
        """Return how old the prices are, in words, with a warning where that is old.

        Those of the machines in ``region``, by the oldest of them; without one, those that the package brought.
        """
        today = today or datetime.now(UTC).date()
        as_of, _ = self.dated(region)
        days = (today - as_of).days
        old = "; run `fruits cloud prices --refresh` before you trust them" if days > OLD_AFTER else ""
        rate = f"1 USD = {self.eur:.4f} EUR of {self.eur_as_of}"
        return f"prices of {as_of} ({days} days old), {rate}{old}"

    def dated(self, region: str) -> tuple[date, str]:
        """Return day and source of the oldest price of a machine in ``region``; the package's where there is none."""
        there = [rate for (_, place), rate in self.rates.items() if place == region]
        oldest = min(there, key=lambda rate: rate.as_of, default=self)
        return oldest.as_of, oldest.source


def _rates(text: str, as_of: date, source: str) -> dict[tuple[str, str], Rate]:
    rows = csv.DictReader(io.StringIO(text))
    return {
        (row["instance"], row["region"]): Rate(float(row["on_demand_usd"]), float(row["emr_usd"]), as_of, source)
        for row in rows
    }


def _refreshed(file: Path) -> dict[tuple[str, str], Rate]:
    """Return what earlier calls of :func:`refresh` brought."""
    if not file.exists():
        return {}
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))["rates"]
        return {
            (row["instance"], row["region"]): Rate(
                row["on_demand"], row["emr"], date.fromisoformat(row["as_of"]), row["source"]
            )
            for row in rows
        }
    except (ValueError, KeyError, TypeError) as error:
        raise CloudError(f"{file} cannot be understood; delete it and say --refresh") from error


def refresh(aws: Aws, prices: Prices, region: str, target: Path, today: date | None = None) -> Prices:
    """Ask the Pricing API for every instance of the table in ``region``, and add the answer to ``target``.

    What ``target`` knows of other regions stays, with the day it was asked.

    Raises:
        CloudError: AWS cannot be reached, or knows no such price.
    """
    client = aws.client("pricing", PRICING_REGION)
    today = today or datetime.now(UTC).date()
    fresh: dict[tuple[str, str], Rate] = {}
    for name in prices.instances:
        with aws_errors(f"asking the Pricing API for {name}"):
            machine = _products(client, "AmazonEC2", _ec2_filters(name, region))
            surcharge = _products(client, "ElasticMapReduce", {"instanceType": name, "regionCode": region})
        if machine and surcharge:
            fresh[name, region] = Rate(min(machine), max(surcharge), today, "AWS's Pricing API")
    if not fresh:
        raise CloudError(f"the Pricing API knows no prices of EMR in {region}; the package's table stays in use")
    rows = [
        {"instance": name, "region": place} | asdict(rate) | {"as_of": rate.as_of.isoformat()}
        for (name, place), rate in (_refreshed(target) | fresh).items()
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"rates": rows}, indent=2) + "\n", encoding="utf-8")
    return Prices.load(target)


def _ec2_filters(instance: str, region: str) -> dict[str, str]:
    return {
        "instanceType": instance,
        "regionCode": region,
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
    }


def _products(client: Any, service: str, filters: dict[str, str]) -> list[float]:  # noqa: ANN401 - boto3's own
    """Return USD an hour of each on-demand offer that fits."""
    wanted = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()]
    pages = client.get_paginator("get_products").paginate(ServiceCode=service, Filters=wanted)
    return [price for page in pages for price in _on_demand(page["PriceList"])]


def _on_demand(offers: Iterable[str]) -> list[float]:
    found = []
    for offer in offers:
        for term in json.loads(offer).get("terms", {}).get("OnDemand", {}).values():
            for dimension in term["priceDimensions"].values():
                usd = float(dimension["pricePerUnit"].get("USD", 0))
                if usd > 0 and dimension.get("unit", "Hrs") in ("Hrs", "Hours"):
                    found.append(usd)
    return found
