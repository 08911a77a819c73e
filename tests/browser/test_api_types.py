"""The types that the front end is checked with are those of the server's OpenAPI document."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from real_app import REPOSITORY

from web_site import Site

FRONTEND = REPOSITORY / "frontend"


def test_the_generated_types_are_those_of_the_server(site: Site, tmp_path: Path) -> None:
    generator = FRONTEND / "node_modules" / ".bin" / "openapi-typescript"
    if not generator.exists():
        pytest.skip(f"{generator} is missing: run 'make setup'")
    fresh = tmp_path / "schema.ts"
    command = [str(generator), f"{site.address}/api/openapi.json", "-o", str(fresh)]
    subprocess.run(command, check=True, cwd=FRONTEND, capture_output=True, timeout=120)
    kept = FRONTEND / "src" / "api" / "schema.ts"
    assert fresh.read_text() == kept.read_text(), "start 'fruits serve' and run 'npm run api' in frontend/"
