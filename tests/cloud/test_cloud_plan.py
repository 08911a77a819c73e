"""Regions, prices and the forecast."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import boto3
import pytest
from cloud_words import BUCKET
from hypothesis import given
from hypothesis import strategies as st

from fruits.cli.cloud_common import cache
from fruits.cloud.aws import Aws, session
from fruits.cloud.errors import UsageError
from fruits.cloud.forecast import Throughput, cheapest, forecast
from fruits.cloud.prices import Prices, refresh
from fruits.cloud.regions import EU, choose_region
from fruits.cloud.shapes import Shape, candidates
from fruits.cloud.site import Site
from fruits.cloud.state import CloudRun, Runs
from fruits.records import RunRecord
from fruits.storage import s3 as s3_storage

PRICES = Prices.load()


# --- regions ---------------------------------------------------------------------------------------------------------


def test_the_first_wish_counts_else_paris() -> None:
    assert choose_region("eu-west-1", "eu-central-1") == "eu-west-1"
    assert choose_region(None, "", "eu-south-2") == "eu-south-2"
    assert choose_region(None, None) == "eu-west-3"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-2", "eu-central-2", "ap-south-1"])
def test_outside_the_union_must_be_spelled_out(region: str) -> None:
    with pytest.raises(UsageError, match="--outside-eu"):
        choose_region(region)
    assert choose_region(region, outside_eu=True) == region


def test_the_region_comes_from_flag_environment_profile(cloud, world, monkeypatch, tmp_path: Path, request) -> None:
    monkeypatch.setenv("AWS_PROFILE", "none")  # so that what --profile sets is undone
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    session.cache_clear()
    request.addfinalizer(session.cache_clear)
    assert "region: eu-west-3 (Paris)" in cloud("verify").said
    config = tmp_path / "config"
    config.write_text("[profile orchard]\nregion = eu-south-1\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert "region: eu-south-1 (Milan)" in cloud("verify", "--profile", "orchard").said
    monkeypatch.delenv("AWS_PROFILE")  # one process is one call, but here
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert "region: eu-north-1 (Stockholm)" in cloud("verify").said
    assert "region: eu-west-1 (Ireland)" in cloud("verify", "--region", "eu-west-1").said
    answer = cloud("verify", "--profile", "nobody")
    assert answer.code == 1
    assert "there is no AWS profile nobody" in answer.said


# --- prices ----------------------------------------------------------------------------------------------------------


def test_the_table_says_where_and_when() -> None:
    assert PRICES.as_of <= date.today()
    assert "aws.amazon.com" in PRICES.source
    assert {region for _, region in PRICES.rates} <= set(EU)
    for name, machine in PRICES.instances.items():
        rate, warning = PRICES.rate(name, "eu-west-3")
        assert not warning
        assert 0.1 < rate.emr / rate.on_demand < 0.3, name  # EMR's surcharge is about a fifth
        assert machine.architecture == ("arm64" if name.split(".")[0].endswith("g") else "x86_64")
    assert "days old" in PRICES.age(date(2026, 1, 1))
    assert "--refresh" in PRICES.age(date(2027, 1, 1))
    assert "--refresh" not in PRICES.age(PRICES.as_of)


def test_a_region_without_prices_takes_the_dearest() -> None:
    rate, warning = PRICES.rate("m5.xlarge", "eu-north-1")
    assert rate.on_demand == max(each.on_demand for (name, _), each in PRICES.rates.items() if name == "m5.xlarge")
    assert "eu-north-1" in warning


def test_prices_are_refreshed_from_the_pricing_api(world, cloud, tmp_path: Path) -> None:
    fresh = refresh(Aws("eu-west-3"), PRICES, "eu-west-3", tmp_path / "prices.json", date(2026, 11, 1))
    assert fresh.rate("m5.xlarge", "eu-west-3")[0].on_demand == 0.25
    assert "prices of 2026-11-01 (2 days old)" in fresh.age(date(2026, 11, 3), "eu-west-3")
    assert fresh.rate("m5.xlarge", "eu-west-1") == PRICES.rate("m5.xlarge", "eu-west-1")
    try:
        assert "0.2500" in cloud("prices", "--refresh").said
        (cache() / "prices.json").write_text("no json")
        answer = cloud("prices")
        assert answer.code == 1
        assert "delete it" in answer.last
    finally:
        (cache() / "prices.json").unlink()


def test_each_region_keeps_its_own_day_and_source(world, cloud, tmp_path: Path) -> None:
    aws, file = Aws("eu-west-3"), tmp_path / "prices.json"
    refresh(aws, PRICES, "eu-west-3", file, date(2026, 10, 1))
    fresh = refresh(aws, PRICES, "eu-north-1", file, date(2026, 11, 1))
    assert fresh.dated("eu-west-3") == (date(2026, 10, 1), "AWS's Pricing API")
    assert fresh.dated("eu-north-1") == (date(2026, 11, 1), "AWS's Pricing API")
    assert fresh.dated("eu-central-1") == (PRICES.as_of, PRICES.source)
    assert fresh.dated("eu-south-2") == (PRICES.as_of, PRICES.source)
    assert fresh.rate("m5.xlarge", "eu-west-3")[0].on_demand == 0.25
    try:
        assert "AWS's Pricing API" in cloud("prices", "--refresh").said
        told = cloud("prices", "--region", "eu-central-1").said
        assert f"prices of {PRICES.as_of}" in told
        assert PRICES.source in told
    finally:
        (cache() / "prices.json").unlink()


def test_the_prices_file_is_valid_json_with_a_dated_rate() -> None:
    folder = Path(__file__).parent.parent.parent / "src" / "fruits" / "cloud" / "data"
    document = json.loads((folder / "prices.json").read_text(encoding="utf-8"))
    date.fromisoformat(document["usd_to_eur"]["as_of"])
    assert 0.5 < document["usd_to_eur"]["rate"] < 1.5


# --- the forecast ----------------------------------------------------------------------------------------------------


def test_the_arithmetic_by_hand() -> None:
    """70,000 images on 1 + 2 m5.xlarge in Paris."""
    told = forecast(70_000, Shape(), Throughput.default(), PRICES, "eu-west-3")
    hours = 0.15 + (70_000 / (40 * 8) + 70_000 * 0.0005 + 90) / 3600
    assert told.hours.likely == pytest.approx(hours)
    usd = 3 * (0.224 + 0.048 + 64 * 0.0952 / 730 + 0.005)
    assert told.hourly_eur == pytest.approx(usd * 0.8532)
    requests = (70_000 * 1.001 * 0.00044 + (70_000 / 2048 * 8 + 100) * 0.0055) / 1000
    assert told.eur.likely == pytest.approx((hours * usd + requests) * 0.8532)


@given(
    images=st.integers(1, 10**9),
    nodes=st.integers(1, 40),
    name=st.sampled_from(sorted(PRICES.instances)),
    target=st.sampled_from(["ec2", "serverless"]),
)
def test_a_forecast_is_a_range_and_more_images_cost_more(images: int, nodes: int, name: str, target) -> None:
    shape = Shape(target, name, nodes)
    told = forecast(images, shape, Throughput.default(), PRICES, "eu-west-3")
    more = forecast(2 * images, shape, Throughput.default(), PRICES, "eu-west-3")
    assert 0 < told.hours.low < told.hours.likely < told.hours.high
    assert 0 < told.eur.low < told.eur.likely < told.eur.high
    assert more.eur.likely > told.eur.likely
    assert told.hours_for(told.hourly_eur * 3 + told.requests_eur) == pytest.approx(3 - 5 / 60)
    assert told.hours_for(told.least_budget) == pytest.approx(told.hours.likely)


def test_earlier_runs_tell_the_throughput() -> None:
    def record(rate: float, cores: int, cloud: dict | None = None, embedded: int = 5000) -> RunRecord:
        arguments = {"cloud": cloud} if cloud else {}
        seconds = {"embedding": 50.0, "components": 5.0, "classifier": 5.0}
        return RunRecord(
            "r1", "done", "i", "o", arguments, embedded=embedded, features=5000, images_per_second=rate, cores=cores,
            seconds=seconds,
        )  # fmt: skip

    told = Throughput.from_records([record(800, 8), record(900, 2, {"vcpus": 9})])
    assert told.images.likely == pytest.approx(100)
    assert told.images.low < 100 < told.images.high
    assert told.rest == pytest.approx(10 / 5000)
    assert "2 earlier run(s)" in told.source
    assert Throughput.from_records([record(800, 8, embedded=10)]) == Throughput.default()
    assert Throughput.from_records([]) == Throughput.default()


def test_the_cheapest_that_is_in_time() -> None:
    told = [forecast(1_000_000, each, Throughput.default(), PRICES, "eu-west-3") for each in candidates(PRICES)]
    best = cheapest(told, 3)
    assert best is not None
    assert best.hours.likely <= 3
    assert best.eur.likely == min(each.eur.likely for each in told if each.hours.likely <= 3)
    assert cheapest(told, 0.001) is None


def test_plan_counts_compares_and_asks_nothing_of_emr(cloud, world, site: Site) -> None:
    answer = cloud("plan", f"s3://{BUCKET}/images", f"{site.results}/planned", "--mode", "apples")
    assert answer.code == 0, answer.said
    assert answer.said.splitlines()[0] == "3 images to embed in eu-west-3"
    assert "EMR Serverless" in answer.said
    assert "days old" in answer.said
    assert not [call for call in world.calls() if call.startswith("elasticmapreduce")]
    assert "no images below" in cloud("plan", f"s3://{BUCKET}/nothing", f"{site.results}/x").last


def test_plan_takes_the_throughput_of_an_earlier_run(cloud, world, site: Site, tmp_path: Path) -> None:
    record = RunRecord("20260101-a", "done", "i", "o", embedded=900, features=900, images_per_second=160.0, cores=2)
    (tmp_path / "run.json").write_bytes(record.to_json())
    answer = cloud("plan", f"s3://{BUCKET}/images", f"{site.results}/planned", "--record", tmp_path)
    assert "measured in 1 earlier run(s): 20260101-a" in answer.said
    assert cloud("plan", f"s3://{BUCKET}/images", f"{site.results}/x", "--record", tmp_path / "none").code == 2


def remember(site: Site, name: str, record: bytes) -> None:
    """Leave a run that succeeded, with what its OUT holds for a record."""
    out = f"{site.results}/{name}"
    run = CloudRun(f"20260101T000000-{name}", site.region, Shape().to_json(), "emr-7.12.0", out=out)
    run.stage, run.outcome = "closed", "succeeded"
    Runs(site, Aws(site.region)).begin(run)
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"results/{name}/run.json", Body=record)


def test_plan_takes_the_throughput_of_the_bucket_s_last_runs(cloud, world, site: Site) -> None:
    words = ("plan", f"s3://{BUCKET}/images", f"{site.results}/planned")
    assert "assumed from a benchmark on 2 cores: no earlier run of 200 images or more is known" in cloud(*words).said
    told = RunRecord("of-the-bucket", "done", "i", "o", embedded=900, features=900, images_per_second=160.0, cores=2)
    remember(site, "told", told.to_json())
    remember(site, "torn", b"no json")
    answer = cloud(*words)
    assert answer.code == 0, answer.said
    assert "throughput measured in 1 earlier run(s): of-the-bucket" in answer.said
    of_images = cloud("plan", f"s3://{BUCKET}/images", "out")
    assert "of-the-bucket" in of_images.said, "the bucket of the images, if OUT has none"


@pytest.mark.parametrize(
    ("words", "script", "sentence"),
    [
        (("out",), {}, "which bucket? say --bucket NAME"),
        (("out", "--bucket", "not-set-up"), {}, "the bucket not-set-up is not set up for Fruits!"),
        (
            (f"s3://{BUCKET}/results/denied",),
            {"refuse": {f"GET /{BUCKET}/fruits/setup.json": ["AccessDenied", 403, 9]}},
            "access denied for GetObject",
        ),
    ],
)
def test_where_the_runs_cannot_be_read_the_forecast_says_what_it_rests_on(
    cloud, world, site: Site, tmp_path: Path, words: tuple, script: dict, sentence: str
) -> None:
    (tmp_path / "images" / "Pear").mkdir(parents=True)
    (tmp_path / "images" / "Pear" / "1.jpg").write_bytes(b"jpeg")
    world.script(**script)
    answer = cloud("plan", "images", *words)
    assert answer.code == 0, answer.said
    assert "assumed from a benchmark on 2 cores: the runs of the bucket could not be read (" in answer.said
    assert sentence in answer.said


def test_plan_with_credentials_that_have_expired(cloud, world, site: Site) -> None:
    world.script(refuse={f"GET /{BUCKET}": ["ExpiredToken", 400, 9]})
    answer = cloud("plan", f"s3://{BUCKET}/images", f"{site.results}/planned")
    assert answer.code == 5
    assert "AWS refused the credentials (ExpiredToken); renew them, e.g. `aws sso login`" in answer.last
    world.script(refuse={f"GET /{BUCKET}/results/planned/run.json": ["ExpiredToken", 400, 9]})
    assert cloud("plan", f"s3://{BUCKET}/images", f"{site.results}/planned").code == 5


def test_plan_without_credentials(cloud, world, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    for cached in (session, s3_storage._client):
        cached.cache_clear()
        request.addfinalizer(cached.cache_clear)
    answer = cloud("plan", f"s3://{BUCKET}/images", f"s3://{BUCKET}/results/planned")
    assert answer.code == 5
    assert "no valid AWS credentials; run `aws configure`" in answer.last
