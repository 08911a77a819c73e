"""How long a run takes and what it costs, before it starts: a range, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field

from fruits.cloud.prices import Prices
from fruits.cloud.shapes import Shape
from fruits.records import RunRecord

# Measured by `make bench` on 2 cores of an AMD EPYC (Zen 4): 161 images a second with start-up, so about 80 a core. A
# vCPU of x86 is half a core, and a bucket answers slower than a disk: half of that is likely, a quarter possible.
DEFAULT_RATE = 40.0  # images a second and vCPU
ENDING_SECONDS = 300.0  # a cluster costs while it ends; the hard stop comes so much before the budget is spent
_LEAST_EMBEDDED = 200  # a record of fewer images says nothing of speed


@dataclass(frozen=True)
class Range:
    """Low, likely and high."""

    low: float
    likely: float
    high: float

    def times(self, factor: float) -> Range:
        """Return the range multiplied."""
        return Range(self.low * factor, self.likely * factor, self.high * factor)


@dataclass(frozen=True)
class Throughput:
    """Images a second and vCPU, and seconds of the other stages an image; with where that was seen."""

    images: Range
    rest: float
    source: str

    @classmethod
    def default(cls, why: str = f"no earlier run of {_LEAST_EMBEDDED} images or more is known") -> Throughput:
        """Return what is assumed before any run was recorded, with why it is."""
        images = Range(DEFAULT_RATE / 2, DEFAULT_RATE, DEFAULT_RATE * 2)
        return cls(images, 0.0005, f"assumed from a benchmark on 2 cores: {why}")

    @classmethod
    def from_records(cls, records: list[RunRecord]) -> Throughput:
        """Return what earlier runs did; the default if none of them says enough."""
        told = [r for r in records if r.embedded >= _LEAST_EMBEDDED and r.images_per_second > 0 and _vcpus(r) > 0]
        if not told:
            return cls.default()
        rates = sorted(r.images_per_second / _vcpus(r) for r in told)
        middle = rates[len(rates) // 2]
        # One run is no distribution: the next may meet another neighbour, other images, a colder bucket.
        images = Range(min(rates[0], middle * 0.7), middle, max(rates[-1], middle * 1.3))
        stages = ("manifest", "components", "classifier", "csv")
        rest = [sum(r.seconds.get(s, 0.0) for s in stages) / max(r.features, 1) for r in told]
        names = ", ".join(r.run for r in told[:3])
        return cls(images, sum(rest) / len(rest), f"measured in {len(told)} earlier run(s): {names}")


def _vcpus(record: RunRecord) -> int:
    """Return the processors of a run: those of its cluster where it had one, else the tasks that ran side by side."""
    cloud = record.arguments.get("cloud") or {}
    return int(cloud.get("vcpus") or record.cores)


@dataclass(frozen=True)
class Forecast:
    """Hours from the call to the end, and euros, of one shape.

    Attributes:
        shape: what runs.
        images: how many will be embedded.
        hours, eur: low, likely, high.
        hourly_eur: the most an hour of this shape costs.
        requests_eur: of S3, which no hard stop limits.
        throughput: what it rests on.
        basis: sentences: throughput, age of the prices, what is missing.
    """

    shape: Shape
    images: int
    hours: Range
    eur: Range
    hourly_eur: float
    requests_eur: float
    throughput: Throughput
    basis: list[str] = field(default_factory=list)

    def hours_for(self, budget: float) -> float:
        """Return after how many hours a run of ``budget`` euros is stopped."""
        return paid_hours(budget, self.hourly_eur, self.requests_eur)

    @property
    def least_budget(self) -> float:
        """The euros with which it is likely not stopped."""
        return (self.hours.likely + ENDING_SECONDS / 3600) * self.hourly_eur + self.requests_eur

    def line(self) -> str:
        """Return the forecast in one line."""
        hours, eur = self.hours, self.eur
        return (
            f"{self.shape.describe():52} {hours.likely:5.1f} h ({hours.low:.1f} to {hours.high:.1f})"
            f"   {eur.likely:6.2f} EUR ({eur.low:.2f} to {eur.high:.2f})"
        )


def paid_hours(budget: float, hourly: float, requests: float = 0.0) -> float:
    """Return how many hours ``budget`` euros pay for at most, from the request to the hard stop."""
    return max(0.0, (budget - requests) / hourly - ENDING_SECONDS / 3600)


# Hours before the first image: machines, bootstrap, Spark. A serverless worker starts in a minute or two.
_START = {"ec2": Range(0.1, 0.15, 0.25), "serverless": Range(0.03, 0.05, 0.1)}
_FIXED_SECONDS = 90.0  # report, event log, shut-down


def forecast(images: int, shape: Shape, throughput: Throughput, prices: Prices, region: str) -> Forecast:
    """Return how long and how dear ``images`` are on ``shape``.

    hours = start + (images / (rate x vCPU) + images x rest + fixed) / 3600; euros = hours x hourly price + S3 requests.
    """
    vcpus = shape.vcpus(prices)
    start, rate = _START[shape.target], throughput.images
    rest = images * throughput.rest + _FIXED_SECONDS
    hours = Range(
        start.low + (images / (rate.high * vcpus) + rest) / 3600,
        start.likely + (images / (rate.likely * vcpus) + rest) / 3600,
        start.high + (images / (rate.low * vcpus) + 2 * rest) / 3600,
    )
    usd, warnings = shape.hourly_usd(prices, region)
    hourly = prices.to_eur(usd)
    requests = prices.to_eur(_requests_usd(images, prices))
    if shape.target == "serverless":  # billed from the first worker on, not while it starts
        billed = Range(hours.low - start.low, hours.likely - start.likely, hours.high)
    else:
        billed = hours
    fixed_size = hourly * (1 + shape.nodes) / (1 + shape.ceiling)
    eur = Range(*(fixed_size * h + requests for h in (billed.low, billed.likely, billed.high)))
    basis = [f"throughput {throughput.source}", prices.age(region=region if shape.target == "ec2" else ""), *warnings]
    return Forecast(shape, images, hours, eur, hourly, requests, throughput, basis)


def _requests_usd(images: int, prices: Prices) -> float:
    """S3: an image is read once and listed a thousand a call; a slice of up to 2,048 images writes about 8 objects."""
    gets = images * (1 + 0.001)
    puts = images / 2048 * 8 + 100
    return (gets * prices.other["s3_thousand_gets"] + puts * prices.other["s3_thousand_puts"]) / 1000


def cheapest(forecasts: list[Forecast], most_hours: float) -> Forecast | None:
    """Return the one that likely costs least among those that are likely done within ``most_hours``."""
    in_time = [one for one in forecasts if one.hours.likely <= most_hours]
    return min(in_time, key=lambda one: one.eur.likely, default=None)
