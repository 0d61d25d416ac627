"""The document at /openapi.json is true: what it promises is answered, what it forbids is refused, nothing breaks."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrace_app.http.read.app import create_app
from tests.retrace_app.http.read.conftest import Site
from tests.retrace_app.http.read.operations import Operation, operations

DOCUMENT = create_app(Path("nowhere")).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
# Each run of the pipeline is a process of some seconds, and each onboarding mints keys: others test them.
CHEAP = [operation for operation in operations(DOCUMENT) if operation.method == "GET" or operation.names("path")]
EXAMPLES = 10
_HOSTILE = st.text(max_size=60) | st.sampled_from(
    ["\0", "-1", "%00", "../..", "' OR '1'='1", "🦊" * 50, "9" * 40, "NaN"]
)


def named(operation: Operation) -> str:
    return operation.name


@pytest.mark.parametrize("operation", CHEAP, ids=named)
def test_generated_questions_are_answered_as_documented(site: Site, operation: Operation) -> None:
    described = SCHEMA[operation.path][operation.method]

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(case=described.as_strategy(), authorised=st.booleans())
    def ask(case: schemathesis.Case[Any], authorised: bool) -> None:
        headers = {"Authorization": f"Bearer {site.shop.token}"} if authorised else {}
        case.query = {**(case.query or {}), "environment_id": site.shop.environment_id}
        answer = case.call(base_url=str(site.client.base_url), headers=headers)
        assert answer.status_code < 500
        assert str(answer.status_code) in described.definition.raw["responses"]
        described.validate_response(answer)
        if not authorised:
            assert answer.status_code == 401

    ask()


@pytest.mark.parametrize("operation", CHEAP, ids=named)
def test_hostile_text_anywhere_is_refused_or_finds_nothing(site: Site, operation: Operation) -> None:
    in_query = operation.names("query")

    @settings(max_examples=EXAMPLES * 2)
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        params: dict[str, Any] = {"environment_id": site.shop.environment_id}
        if in_query:
            params[data.draw(st.sampled_from(in_query))] = data.draw(_HOSTILE)
        ids = {name: quote(data.draw(_HOSTILE), safe="") or "x" for name in operation.names("path")}
        path = operation.path.format(**ids)
        answer = site.ask(operation.method, path, site.shop.token, params, operation.body)
        assert answer.status_code in {200, 400, 404, 405}, answer.text
        if answer.status_code != 200:
            assert {"error", "message"} == set(answer.json())

    ask()


def test_document_names_the_scheme_and_every_refusal_and_no_other_shape() -> None:
    assert DOCUMENT["components"]["securitySchemes"]["serviceToken"]["scheme"] == "bearer"
    for operation in operations(DOCUMENT):
        described = DOCUMENT["paths"][operation.path][operation.method.lower()]
        assert described["security"]
        assert "422" not in described["responses"]
        assert {"400", "401", "403"} <= set(described["responses"])
        for status, answer in described["responses"].items():
            reference = answer["content"]["application/json"]["schema"]["$ref"]
            assert (reference == "#/components/schemas/Refusal") == (status >= "400")
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"]
