"""The files for deployment: well formed, and naming settings that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def variables(text: str) -> set[str]:
    return set(re.findall(r"\b(?:FRUITS_[A-Z_]*[A-Z]|DATABASE_URL)\b", text))


def known() -> set[str]:
    folder = ROOT / "src" / "fruits" / "web"
    return variables((folder / "settings.py").read_text()) | variables((folder / "environment.py").read_text())


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    documented = variables((ROOT / "docs" / "deployment.md").read_text())
    assert known() - documented == set()
    assert documented - known() == set()


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "fruits.service", "example.env"])
def test_deployment_files_name_settings_that_exist(name: str) -> None:
    named = variables((DEPLOY / name).read_text())
    assert named and named <= known()


def test_compose() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert set(services) == {"migrate", "app", "retention", "database", "proxy"}
    assert all(services[name]["environment"]["FRUITS_PRODUCTION"] == "1" for name in ("migrate", "app", "retention"))
    assert [name for name in services if services[name].get("ports")] == ["proxy"]


def test_units() -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not here")
    units = [str(path) for path in sorted(DEPLOY.glob("fruits*.service")) + sorted(DEPLOY.glob("*.timer"))]
    done = subprocess.run([program, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if "fruits" in line and "not executable" not in line]
    assert not said, said


def test_the_threat_model_names_tests_that_exist() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    files = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    for name in re.findall(r"`(test_\w+)(\.py|\.\.\.|\*\.py)?`", (ROOT / "docs" / "security.md").read_text()):
        word, ending = name
        if ending == ".py":
            assert f"{word}.py" in files, word
        elif ending == "*.py":
            assert any(file.startswith(word) for file in files), word
        else:
            assert f"def {word}" in tests, word
