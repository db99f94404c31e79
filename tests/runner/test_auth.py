from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from doctor.errors import UsageError
from doctor.runner.auth import AuthError, Nobody, StaticToken, TenantToken, auth_of
from doctor.runner.settings import ClientCredentials, settings_of

CREDENTIALS = ClientCredentials(domain="tenant.test", client_id="me", client_secret="hush-hush", audience="them")


class Tenant:
    """Gives tokens that live for ``life`` seconds, and remembers what it was asked."""

    def __init__(self, life: float = 3600, status: int = 200) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.life, self.status = life, status
        self.now = 0.0

    def post(self, domain: str, document: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        self.asked.append((domain, document))
        if self.status != 200:
            return self.status, {"error": "access_denied", "error_description": "Unauthorized"}
        return 200, {"access_token": f"token-{len(self.asked)}", "expires_in": self.life}

    def token(self) -> TenantToken:
        return TenantToken(CREDENTIALS, self.post, lambda: self.now)


def test_a_tenant_is_asked_as_it_expects() -> None:
    tenant = Tenant()
    assert tenant.token().header() == "Bearer token-1"
    assert tenant.asked == [
        (
            "tenant.test",
            {
                "grant_type": "client_credentials",
                "client_id": "me",
                "client_secret": "hush-hush",
                "audience": "them",
            },
        )
    ]


def test_a_token_is_used_until_a_minute_before_its_end() -> None:
    tenant = Tenant(life=100)
    token = tenant.token()
    headers = []
    for tenant.now in (0.0, 39.9, 40.0):
        headers.append(token.header())
    assert headers == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_a_token_that_was_refused_is_exchanged() -> None:
    token = Tenant().token()
    assert (token.header(), token.renew(), token.header()) == ("Bearer token-1", True, "Bearer token-2")


def test_a_refusal_of_the_tenant_names_it_and_not_the_secret() -> None:
    with pytest.raises(AuthError, match=r"tenant\.test gives no token: it answered 403 Unauthorized") as caught:
        Tenant(status=403).token().header()
    assert "hush" not in f"{caught.value}{caught.value.remedy}{CREDENTIALS!r}"


@pytest.mark.parametrize("status", [500, 503, 429])
def test_trouble_of_the_tenant_passes(status: int) -> None:
    with pytest.raises(ConnectionError, match=str(status)):
        Tenant(status=status).token().header()


def test_a_token_that_was_exchanged_in_its_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first\n")
    auth = auth_of(settings_of({"token_file": str(path), "project_dir": "/"}, {}), {}, Tenant().post)
    assert (auth.header(), auth.renew()) == ("Bearer first", False)
    path.write_text("second")
    assert (auth.renew(), auth.header(), auth.secrets()) == (True, "Bearer second", ("second",))


@pytest.mark.parametrize("content", ["", " \n", "two words", "two\nlines", "héllo"])
def test_what_is_no_token_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(content)
    with pytest.raises(UsageError, match="there is no token in"):
        auth_of(settings_of({"token_file": str(path), "project_dir": "/"}, {}), {}, Tenant().post)


def test_a_token_comes_from_the_variable_that_is_named() -> None:
    environment = {"MINE": "abc"}
    settings = settings_of({"token_env": "MINE", "project_dir": "/"}, environment)
    assert auth_of(settings, environment, Tenant().post).header() == "Bearer abc"


def test_without_credentials_there_is_no_header() -> None:
    auth = auth_of(settings_of({"project_dir": "/"}, {}), {}, Tenant().post)
    assert isinstance(auth, Nobody)
    assert (auth.header(), auth.renew(), auth.secrets()) == (None, False, ())


def test_a_static_token_that_cannot_be_read_any_more_stays() -> None:
    given = ["first"]

    def read() -> str:
        if not given:
            raise UsageError("gone")
        return given.pop()

    token = StaticToken(read)
    assert (token.renew(), token.header()) == (False, "Bearer first")


def test_a_tenant_that_does_not_answer_is_named() -> None:
    def post(_domain: str, _document: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        raise ConnectionRefusedError(111, "Connection refused")

    with pytest.raises(ConnectionError, match=r"tenant\.test gives no token now: Connection refused"):
        TenantToken(CREDENTIALS, post).header()
