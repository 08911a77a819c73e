"""Write the lists of what a cluster installs, from requirements/dev.txt: our run-time needs without Spark, and pip.

A test compares.

python scripts/cloud_lock.py [FOLDER]
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parent.parent
LOCK = REPOSITORY / "requirements" / "dev.txt"
TARGET = REPOSITORY / "src" / "fruits" / "cloud" / "data"
ON_THE_CLUSTER = {"pyspark", "py4j"}  # it brings its own
FOR_PEOPLE = {"cryptography"}  # setup makes certificates; a cluster does not
ENVIRONMENT = {
    "python_version": "3.11",
    "python_full_version": "3.11.0",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "platform_machine": "x86_64",
}


def wheelhouse() -> str:
    """Return the list: a pin and its hashes a package, in order of names."""
    pins = _pins(LOCK.read_text(encoding="utf-8"))
    return "".join(f"{pins[name]}\n" for name in sorted(_closure()))


def installer() -> str:
    """Return the list of what installs the others: pip, alone."""
    return f"{_pins(LOCK.read_text(encoding='utf-8'))['pip']}\n"


def _closure() -> set[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    waiting = [Requirement(text) for text in (*project["dependencies"], *extras["spark"], *extras["aws"])]
    found: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or name in ON_THE_CLUSTER | FOR_PEOPLE:
            continue
        found.add(name)
        for text in metadata.requires(name) or []:
            deeper = Requirement(text)
            extras_asked = requirement.extras or {""}
            if deeper.marker is None or any(deeper.marker.evaluate(ENVIRONMENT | {"extra": e}) for e in extras_asked):
                waiting.append(deeper)
    return found


def _pins(lock: str) -> dict[str, str]:
    """Return name -> its lines in the lock, of those that fit the cluster."""
    pins = {}
    for block in re.split(r"\n(?=\S)", lock.strip()):
        head, _, hashes = block.partition("\\\n")
        pin, _, marker = (part.strip() for part in head.partition(";"))
        if marker and not Marker(marker).evaluate(ENVIRONMENT):
            continue
        pins[canonicalize_name(pin.partition("==")[0])] = f"{pin} \\\n{hashes.rstrip()}"
    return pins


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if sys.argv[1:] else TARGET
    for name, text in (("wheelhouse.txt", wheelhouse()), ("pip.txt", installer())):
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)
