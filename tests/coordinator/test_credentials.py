"""Who is let in, and what the others are told."""

from collections.abc import Callable

import pytest

from tests.coordinator import tokens
from tests.coordinator.server import Coordinator


@pytest.mark.parametrize("path", ["/health", "/runner/runs?runner_id=x", "/runs"])
def test_whoever_brings_nothing_is_told_401(serve: Callable[..., Coordinator], path: str) -> None:
    answer = serve(token="secret").request("GET", path, token=None)
    assert answer.status == 401
    assert answer.body["detail"].startswith("Missing credentials")


def test_whoever_brings_something_wrong_is_told_403(serve: Callable[..., Coordinator]) -> None:
    answer = serve(token="secret").request("GET", "/health", token="wrong")
    assert answer == (403, {"detail": "Invalid or expired token"})


def test_two_words_are_too_many(serve: Callable[..., Coordinator]) -> None:
    assert serve(token="secret").request("GET", "/health", token="sec ret").status == 401


def test_the_query_may_bring_it(serve: Callable[..., Coordinator]) -> None:
    assert serve(token="secret").request("GET", "/health?api_key=secret", token=None).status == 200


def test_an_unknown_runner_is_told_401_for_another_reason(serve: Callable[..., Coordinator]) -> None:
    answer = serve(token="secret").request("GET", "/runner/runs?runner_id=x")
    assert answer == (401, {"detail": "Runner not registered"})


def test_a_tenants_token_is_good_for_a_while(serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(tenant="key")
    assert coordinator.request("GET", "/health", token=tokens.issue("key", 60)).status == 200
    assert coordinator.request("GET", "/health", token=tokens.issue("key", -1)) == (
        403,
        {"detail": "Invalid or expired token"},
    )
    assert coordinator.request("GET", "/health", token=tokens.issue("other", 60)).status == 403
