"""Ask the advisory databases about every locked dependency, Python's and the front end's, and say what was not asked.

    python scripts/audit_dependencies.py [--allow-unreachable]

`pip-audit` says "no known vulnerabilities" also of packages that it could not look up, so its list is counted here.
Exit codes: 0 all looked up, nothing known; 1 a known vulnerability; 3 some or all could not be looked up (0 with
--allow-unreachable, the sentence stays).
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
FRONT_END = ROOT / "frontend" / "package-lock.json"
MINUTES = 5


@dataclass
class Audit:
    """What one tool found: known vulnerabilities, how many packages were looked up, and why others were not."""

    name: str
    looked_up: int = 0
    not_looked_up: int = 0
    reason: str = ""
    vulnerabilities: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every package was looked up."""
        return not self.not_looked_up and not self.reason

    def lines(self) -> list[str]:
        """What to print."""
        found = [f"{self.name}: VULNERABLE: {one}" for one in self.vulnerabilities]
        if not self.complete:
            count = (
                f"{self.not_looked_up} of {self.looked_up + self.not_looked_up} packages"
                if self.not_looked_up
                else "all"
            )
            found.append(f"{self.name}: NOT AUDITED ({count}): {self.reason or 'the database does not know them'}")
        if not found:
            found.append(f"{self.name}: {self.looked_up} packages looked up, no known vulnerability")
        return found


def audit_python(lock: Path) -> Audit:
    """Look up a lock file of pip's with pip-audit."""
    audit = Audit(str(lock.relative_to(ROOT)))
    options = ["-r", str(lock), "--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    done = _run([sys.executable, "-m", "pip_audit", *options, "--timeout", "15"])
    if done is None:
        audit.reason = f"no answer within {MINUTES} minutes"
        return audit
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        audit.reason = _last_line(done.stderr) or "pip-audit did not run"
        return audit
    return read_pip_audit(audit, packages)


def read_pip_audit(audit: Audit, packages: list[dict[str, Any]]) -> Audit:
    """Count what pip-audit says of each package; one it skipped was not looked up."""
    for package in packages:
        if "skip_reason" in package:
            audit.not_looked_up += 1
            continue
        audit.looked_up += 1
        for one in package["vulns"]:
            fixed = ", ".join(one.get("fix_versions") or ()) or "no version yet"
            audit.vulnerabilities.append(f"{package['name']} {package['version']}: {one['id']} (fixed in {fixed})")
    if audit.not_looked_up and not audit.looked_up:
        audit.reason = "the database could not be reached"
    return audit


def audit_front_end() -> Audit:
    """Look up the front end's lock file with npm."""
    audit = Audit(str(FRONT_END.relative_to(ROOT)))
    if shutil.which("npm") is None:
        audit.reason = "npm is not installed"
        return audit
    done = _run(["npm", "audit", "--json", "--package-lock-only"], FRONT_END.parent)
    if done is None:
        audit.reason = f"no answer within {MINUTES} minutes"
        return audit
    try:
        said = json.loads(done.stdout)
        counts = said["metadata"]["dependencies"]
    except (ValueError, KeyError):
        audit.reason = f"the database could not be reached ({_last_line(done.stderr)})"
        return audit
    audit.looked_up = int(counts["total"])
    audit.vulnerabilities = [f"{name}: {one['severity']}" for name, one in said.get("vulnerabilities", {}).items()]
    return audit


def main() -> int:
    """Print what was found of every lock file; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--allow-unreachable", action="store_true", help="exit with 0 when only the look-up failed")
    options = parser.parse_args()
    audits = [audit_python(lock) for lock in LOCKS]
    audits += [audit_front_end()] if FRONT_END.exists() else []
    print("\n".join(line for audit in audits for line in audit.lines()))
    if any(audit.vulnerabilities for audit in audits):
        return 1
    if all(audit.complete for audit in audits) or options.allow_unreachable:
        return 0
    return 3


def _run(command: list[str], folder: Path = ROOT) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60 * MINUTES)
    except subprocess.TimeoutExpired:
        return None


def _last_line(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


if __name__ == "__main__":
    raise SystemExit(main())
