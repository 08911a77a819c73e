"""Shapes, what is asked of EMR for them, and the tables that Glue is told of."""

from __future__ import annotations

import pytest

from fruits.cloud.emr_request import cluster_request
from fruits.cloud.errors import UsageError
from fruits.cloud.prices import Prices
from fruits.cloud.shapes import Shape
from fruits.cloud.site import Site
from fruits.cloud.target import Order, check_release

PRICES = Prices.load()


def order(shape: Shape, **more) -> Order:
    site = Site("b", "eu-west-3", "123456789012", results="s3://b/results", subnet="subnet-1", **more.pop("site", {}))
    words = {
        "release": "emr-7.12.0",
        "package": "s3://b/p",
        "settings": {},
        "deadline": 1.8e9,
        "minutes": 60,
        "tags": {"project": "fruits"},
    }
    return Order("20260101T000000-abc", site, shape, **words | more)


def test_spot_spares_primary_and_one_core_node() -> None:
    request = cluster_request(order(Shape(nodes=4, spot=True, max_nodes=8), command=("run",)))
    groups = request["Instances"]["InstanceGroups"]
    found = [(group["InstanceRole"], group["InstanceCount"], group["Market"]) for group in groups]
    assert found == [("MASTER", 1, "ON_DEMAND"), ("CORE", 1, "ON_DEMAND"), ("TASK", 3, "SPOT")]
    limits = request["ManagedScalingPolicy"]["ComputeLimits"]
    assert (limits["MinimumCapacityUnits"], limits["MaximumCapacityUnits"]) == (4, 8)
    assert limits["MaximumOnDemandCapacityUnits"] == 1


def test_a_cluster_that_waits_ends_when_idle_and_never_after_more_than_four_hours() -> None:
    request = cluster_request(order(Shape(), notebook=True))
    assert request["AutoTerminationPolicy"] == {"IdleTimeout": 1800}
    assert request["Instances"]["KeepJobFlowAliveWhenNoSteps"] is True
    assert {"Name": "JupyterHub"} in request["Applications"]
    with pytest.raises(UsageError, match="--idle"):
        cluster_request(order(Shape(), idle_minutes=241))
    spark4 = cluster_request(order(Shape(), notebook=True, release="emr-spark-8.0.0"))
    assert {"Name": "JupyterHub"} not in spark4["Applications"]


def test_a_private_subnet_needs_the_service_group() -> None:
    site = {"private": True, "service_group": "sg-3"}
    instances = cluster_request(order(Shape(), command=("run",), site=site))["Instances"]
    assert instances["ServiceAccessSecurityGroup"] == "sg-3"


@pytest.mark.parametrize(("label", "spark"), [("emr-7.1.0", "3.5"), ("emr-7.12.0", "3.5"), ("emr-spark-8.0.0", "4.0")])
def test_releases_we_know(label: str, spark: str) -> None:
    assert check_release(label) == spark


@pytest.mark.parametrize("label", ["emr-7.0.0", "emr-6.15.0", "emr-8.0.0", "7.1.0", "emr-7.x.0", ""])
def test_releases_we_refuse(label: str) -> None:
    with pytest.raises(UsageError, match="emr-7.1.0"):
        check_release(label)


@pytest.mark.parametrize("name", sorted(PRICES.instances))
def test_an_executor_fits_its_node(name: str) -> None:
    settings = Shape(instance=name).executors(PRICES)
    total = sum(int(settings[f"spark.executor.{part}"].removesuffix("g")) for part in ("memory", "memoryOverhead"))
    machine = PRICES.instance(name)
    assert total + 1.5 <= machine.memory_gb * 0.75
    assert int(settings["spark.executor.memoryOverhead"].removesuffix("g")) >= 0.7 * machine.vcpus, "a worker a vCPU"
    assert settings["spark.executor.cores"] == str(machine.vcpus)


def test_the_tables_are_what_the_chain_writes() -> None:
    import pyarrow as pa

    from fruits.cloud.glue import COLUMNS
    from fruits.pipeline.tables import SCHEMAS

    words = {
        pa.string(): "string",
        pa.int64(): "bigint",
        pa.int32(): "int",
        pa.float32(): "float",
        pa.list_(pa.float32()): "array<float>",
        pa.timestamp("us", tz="UTC"): "timestamp",
    }
    assert {name: [(f.name, words[f.type]) for f in schema] for name, schema in SCHEMAS.items()} == {
        name: list(columns) for name, columns in COLUMNS.items()
    }
