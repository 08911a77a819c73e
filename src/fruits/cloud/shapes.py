"""The shape of a cluster: which machines, how many; what it costs an hour; how Spark fills it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from fruits.cloud.errors import UsageError
from fruits.cloud.prices import Instance, Prices

Target = Literal["ec2", "serverless"]
MOST_NODES = 50
DISK_GB = 64  # of each machine: Spark's scratch and the environment
HOURS_A_MONTH = 730
WORKER_VCPUS, WORKER_GB, WORKER_DISK_GB = 4, 16, 20  # of EMR Serverless; 20 GB of disk are free
_YARN_SHARE = 0.75  # of a node's memory that EMR gives to YARN; docs: "Task configuration" lists 12,288 MB of 16 GiB


@dataclass(frozen=True)
class Shape:
    """What runs.

    Attributes:
        target: ``ec2`` (EMR on EC2) or ``serverless``.
        instance: type of every machine; for Serverless the architecture follows from it.
        nodes: core nodes beside the primary; for Serverless, workers beside the driver.
        spot: whether the core nodes are Spot instances.
        max_nodes: managed scaling may go up to so many; 0 for a fixed size.
    """

    target: Target = "ec2"
    instance: str = "m5.xlarge"
    nodes: int = 2
    spot: bool = False
    max_nodes: int = 0

    def check(self, prices: Prices) -> None:
        """Raise :class:`UsageError` for a shape that cannot be."""
        prices.instance(self.instance)
        if not 1 <= self.nodes <= MOST_NODES:
            raise UsageError(f"--nodes must be 1 to {MOST_NODES}, not {self.nodes}")
        if self.max_nodes and not self.nodes <= self.max_nodes <= MOST_NODES:
            raise UsageError(f"--max-nodes must be {self.nodes} (--nodes) to {MOST_NODES}, not {self.max_nodes}")
        if self.target == "serverless" and self.spot:
            raise UsageError("--spot is for EMR on EC2; EMR Serverless has no Spot workers")

    @property
    def ceiling(self) -> int:
        """The most core nodes or workers there can be; what a budget must reckon with."""
        return max(self.nodes, self.max_nodes)

    def describe(self) -> str:
        """Return the shape in words."""
        if self.target == "serverless":
            arm = " (ARM)" if self.instance.partition(".")[0].endswith("g") else ""
            return f"EMR Serverless, up to {self.ceiling} workers of {WORKER_VCPUS} vCPU{arm}"
        spot = " Spot" if self.spot else ""
        more = f" to {self.max_nodes}" if self.max_nodes > self.nodes else ""
        return f"EMR on EC2, 1 + {self.nodes}{more} {self.instance}{spot}"

    def vcpus(self, prices: Prices) -> int:
        """Return the processors that embed."""
        return self.nodes * (WORKER_VCPUS if self.target == "serverless" else prices.instance(self.instance).vcpus)

    def hourly_usd(self, prices: Prices, region: str) -> tuple[float, list[str]]:
        """Return the most that an hour can cost, in dollars, and warnings about missing prices.

        Spot instances are reckoned at the on-demand price, which is their ceiling.
        """
        if self.target == "serverless":
            rate, warning = prices.serverless_rate(prices.instance(self.instance).architecture, region)
            workers = self.ceiling + 1  # the driver is one more
            usd = workers * (WORKER_VCPUS * rate["vcpu"] + WORKER_GB * rate["gb"])
            return usd, [warning] if warning else []
        machine, warning = prices.rate(self.instance, region)
        disk = DISK_GB * prices.other["disk_gb_month"] / HOURS_A_MONTH
        each = machine.on_demand + machine.emr + disk + prices.other["ipv4_hour"]
        return (1 + self.ceiling) * each, [warning] if warning else []

    def executors(self, prices: Prices) -> dict[str, str]:
        """Return Spark's settings: one executor a node, most of its memory outside the JVM, where Python works."""
        if self.target == "serverless":
            memory, overhead = 2, 11  # of 16: EMR Serverless rounds up, and asks for 10 % of headroom
            cores, count, ceiling = WORKER_VCPUS, self.nodes, self.ceiling
        else:
            machine = prices.instance(self.instance)
            # 1.5 GB are left on each node for YARN's application master, which lands on one of them.
            usable = machine.memory_gb * _YARN_SHARE - 1.5
            memory = 1 if machine.memory_gb <= 8 else 2
            cores, count, ceiling, overhead = machine.vcpus, self.nodes, self.ceiling, int(usable - memory)
        settings = {
            "spark.executor.cores": str(cores),
            "spark.executor.memory": f"{memory}g",
            "spark.executor.memoryOverhead": f"{overhead}g",
            "spark.executor.instances": str(count),
            "spark.dynamicAllocation.enabled": "false",
            # Slices are committed by their tasks: a lost node costs only what it had in hand.
            "spark.task.maxFailures": "8",
        }
        if ceiling > count:
            settings |= {
                "spark.dynamicAllocation.enabled": "true",
                "spark.dynamicAllocation.minExecutors": str(count),
                "spark.dynamicAllocation.maxExecutors": str(ceiling),
            }
        return settings

    def to_json(self) -> dict[str, Any]:
        """Return the shape as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what :meth:`to_json` returned."""
        return cls(**values)


def candidates(prices: Prices, architecture: str | None = None) -> list[Shape]:
    """Return the shapes among which `plan` looks for the cheapest: several sizes of each family, and Serverless."""
    names = [
        machine.name
        for machine in prices.instances.values()
        if machine.name.endswith(".xlarge") and machine.name[0] in "mc" and _fits(machine, architecture)
    ]
    sizes = (1, 2, 4, 8)
    shapes = [Shape("ec2", name, nodes) for name in names for nodes in sizes]
    return shapes + [Shape("serverless", name, nodes) for name in names if name[0] == "m" for nodes in sizes]


def _fits(machine: Instance, architecture: str | None) -> bool:
    return architecture is None or machine.architecture == architecture
