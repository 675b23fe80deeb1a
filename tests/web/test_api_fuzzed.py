"""The API against its own description: drawn requests, fitting it or not. No 5xx, and every answer is as described.

VNSEARCH_EXAMPLES says how many requests to draw for each operation and kind; without it, they are always the same.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings

pytest.importorskip("fastapi", reason='needs the extra "web"')
schemathesis = pytest.importorskip("schemathesis", reason='needs the extra "fuzz"')

DRAWN = settings(
    max_examples=int(os.environ.get("VNSEARCH_EXAMPLES", "25")),
    derandomize="VNSEARCH_EXAMPLES" not in os.environ,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
TOKEN = {"Authorization": "Bearer x"}


@pytest.fixture(scope="module")
def described(tmp_path_factory, reports):
    """The description of an app by whether it is writable."""
    from vnsearch import Index
    from vnsearch.web import create_app

    with Index.create(tmp_path_factory.mktemp("fuzzed")) as index:
        index.add(reports)
        apps = {writable: create_app(index, writable=writable, token="x") for writable in (False, True)}
        yield {key: schemathesis.openapi.from_asgi("/api/openapi.json", app) for key, app in apps.items()}


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("writable", [False, True])
def test_answers_are_as_described(described, writable, mode):
    mode = schemathesis.GenerationMode(mode)
    operations = [result.ok() for result in described[writable].get_all_operations()]
    assert len(operations) == (8 if writable else 5)
    for operation in operations:
        if mode.is_negative and not (operation.query or operation.body):
            continue  # nothing can be asked wrongly

        @DRAWN
        @given(operation.as_strategy(generation_mode=mode))
        def answers(case):
            case.call_and_validate(headers=TOKEN, excluded_checks=not_promised(case))

        answers()


def not_promised(case):
    """Return what need not hold: which fields and dates there are depends on the index; a bad report may be left out."""
    checks = [schemathesis.checks.CHECKS.get_one(name) for name in ("positive_data_acceptance", "ignored_auth")]
    if case.query.get("on_error") == "skip":
        checks.append(schemathesis.checks.CHECKS.get_one("negative_data_rejection"))
    return checks
