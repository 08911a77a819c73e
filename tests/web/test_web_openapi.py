"""Schemathesis: requests made from the OpenAPI document, valid and not, against the running server."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from web_browser import Browser
from web_site import Site

# What these would do to the account that all of them use, or to the mail allowance of this machine.
ENDS_THE_TEST = ("/api/accounts/sign-out", "/api/accounts/sign-up")
EXAMPLES = 8
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)


@pytest.fixture(scope="module")
def visitor(site: Site) -> Browser:
    return site.browser().join(keep=True)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_operation_answers_as_the_document_says(site: Site, visitor: Browser, mode: GenerationMode) -> None:
    document = schemathesis.openapi.from_url(f"{site.address}/api/openapi.json")
    checks, failures, tried = CHECKS.get_by_names(CHECKED), [], 0
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.path in ENDS_THE_TEST:
            continue

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def attempt(case: Any) -> None:
            nonlocal tried
            case.headers = {**(case.headers or {}), "X-CSRFToken": visitor.token(), "Origin": site.address}
            case.headers.pop("Cookie", None)
            case.cookies = {cookie.name: cookie.value for cookie in visitor.http.cookies}
            tried += 1
            case.call_and_validate(checks=checks)

        try:
            attempt()
        except Unsatisfiable:  # there is nothing wrong to send to an operation without parameters
            continue
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001  (all are told at the end)
            failures.append(f"{operation.label}: {error}")
    assert not failures, "\n\n".join(failures)
    assert tried > 100
