"""A failure is a report like any other."""

import json

import jsonschema
import pytest

from doctor.cli.failure import RESERVED, failure_report
from doctor.config.report_schema import report_schema
from doctor.exit_codes import ExitCode
from doctor.report.json_format import render


@pytest.mark.parametrize("exit_code", RESERVED)
def test_its_document_meets_the_published_schema(exit_code: ExitCode) -> None:
    schema = report_schema(schema_id="urn:x", dialect="https://json-schema.org/draft/2020-12/schema")
    document = json.loads(render(failure_report(exit_code, "it broke \ud800", None)))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert (document["exit_code"], document["summary"]) == (int(exit_code), {"error": 1, "warning": 0, "info": 0})
