"""The dependency audit counts what it could not ask about, where pip-audit itself says that all is well."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "audit_dependencies.py"
SKIPPED = {"name": "a", "skip_reason": "Dependency not found on PyPI and could not be audited: a (1)"}
FINE = {"name": "b", "version": "2", "vulns": []}
BAD = {"name": "c", "version": "3", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1"]}]}


@pytest.fixture
def audits(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_dependencies", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "audit_dependencies", module)
    spec.loader.exec_module(module)
    return module


def test_packages_that_were_skipped_are_not_fine(audits: ModuleType) -> None:
    audit = audits.read_pip_audit(audits.Audit("lock"), [SKIPPED, SKIPPED])
    assert audit.lines() == ["lock: NOT AUDITED (2 of 2 packages): the database could not be reached"]
    audit = audits.read_pip_audit(audits.Audit("lock"), [SKIPPED, FINE])
    assert "NOT AUDITED (1 of 2 packages)" in audit.lines()[0]


def test_what_is_known_is_said(audits: ModuleType) -> None:
    audit = audits.read_pip_audit(audits.Audit("lock"), [FINE, BAD])
    assert audit.lines() == ["lock: VULNERABLE: c 3: PYSEC-1 (fixed in 3.1)"]
    assert audits.read_pip_audit(audits.Audit("lock"), [FINE]).lines() == [
        "lock: 1 packages looked up, no known vulnerability"
    ]


@pytest.mark.parametrize(
    ("packages", "options", "code"),
    [([FINE], [], 0), ([SKIPPED], [], 3), ([SKIPPED], ["--allow-unreachable"], 0), ([BAD, SKIPPED], [], 1)],
)
def test_exit_codes(
    audits: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    packages: list[dict[str, object]],
    options: list[str],
    code: int,
) -> None:
    monkeypatch.setattr(audits, "LOCKS", [Path("x.txt")])
    monkeypatch.setattr(audits, "FRONT_END", Path("/nowhere"))
    monkeypatch.setattr(audits, "audit_python", lambda lock: audits.read_pip_audit(audits.Audit("lock"), packages))
    monkeypatch.setattr(sys, "argv", ["audit", *options])
    assert audits.main() == code
