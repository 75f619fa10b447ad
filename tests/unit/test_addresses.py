"""Where requests go: what a base URL may be, and Azure's two forms of it."""

from __future__ import annotations

import pytest
from openai import AzureOpenAI
from openai._models import FinalRequestOptions

from millstream.addresses import azure_url, checked, checked_azure, same_host
from millstream.errors import ModelError

RESOURCE = "https://acme.openai.azure.com"
CHAT, RESPONSES = "/chat/completions", "/responses"
DATED = "?api-version=2024-10-21"
DEPLOYED = f"{RESOURCE}/openai/deployments/a%2Fb{CHAT}{DATED}"
PASTED = f"{RESOURCE}/openai/deployments/d"


@pytest.mark.parametrize(
    "base_url",
    [
        "localhost:8000",
        "ftp://host/v1",
        "http://",
        "https://host:port/v1",
        "http://ho st/v1",
        "http://host/v1\n",
        "/v1",
    ],
)
@pytest.mark.parametrize("check", [checked, checked_azure])
def test_what_is_no_base_url_is_shown(check: object, base_url: str) -> None:
    assert callable(check)
    with pytest.raises(ModelError, match="write it as https://host/v1"):
        check(base_url)


@pytest.mark.parametrize(
    "base_url", ["https://me:secret@host/v1", "https://host/v1?key=secret", "https://host?key=secret"]
)
def test_what_may_be_secret_is_refused_and_not_shown(base_url: str) -> None:
    for check in (checked, checked_azure):
        with pytest.raises(ModelError) as caught:
            check(base_url)
        assert "secret" not in str(caught.value)


def test_a_version_is_no_secret_where_azure_is() -> None:
    url = f"{RESOURCE}?api-version=2024-10-21"
    assert checked_azure(url) == url
    assert checked_azure(f"{RESOURCE}/?api-version=preview") == f"{RESOURCE}?api-version=preview"
    with pytest.raises(ModelError, match="a query"):
        checked(url)
    with pytest.raises(ModelError, match=r"only query .* is \?api-version="):
        checked_azure(f"{url}&sig=secret")


@pytest.mark.parametrize(
    ("base_url", "version", "path", "url"),
    [
        # the v1 API: the deployment stands in the body
        (RESOURCE, "", CHAT, f"{RESOURCE}/openai/v1{CHAT}"),
        (RESOURCE, "v1", CHAT, f"{RESOURCE}/openai/v1{CHAT}"),
        (RESOURCE, "preview", CHAT, f"{RESOURCE}/openai/v1{CHAT}?api-version=preview"),
        (f"{RESOURCE}/openai", "", RESPONSES, f"{RESOURCE}/openai/v1/responses"),
        (f"{RESOURCE}/openai/v1", "", RESPONSES, f"{RESOURCE}/openai/v1/responses"),
        (f"{RESOURCE}/openai/v1", "2024-10-21", CHAT, f"{RESOURCE}/openai/v1{CHAT}"),
        (f"{RESOURCE}/openai/v1?api-version=preview", "x", CHAT, f"{RESOURCE}/openai/v1{CHAT}?api-version=preview"),
        # the dated one: a path for each deployment, and none for Responses
        (RESOURCE, "2024-10-21", CHAT, DEPLOYED),
        (f"{RESOURCE}{DATED}", "", CHAT, DEPLOYED),
        (f"{RESOURCE}?api-version=v1", "2024-10-21", CHAT, f"{RESOURCE}/openai/v1{CHAT}"),
        (RESOURCE, "2025-04-01-preview", RESPONSES, f"{RESOURCE}/openai/responses?api-version=2025-04-01-preview"),
        # what Azure's pages offer for copying
        (f"{PASTED}{CHAT}{DATED}", "", CHAT, f"{PASTED}{CHAT}{DATED}"),
        (PASTED, "2024-10-21", CHAT, f"{PASTED}{CHAT}{DATED}"),
        ("https://acme.services.ai.azure.com/models", "", CHAT, f"https://acme.services.ai.azure.com/models{CHAT}"),
    ],
)
def test_azure(base_url: str, version: str, path: str, url: str) -> None:
    assert azure_url(checked_azure(base_url), path, "a/b", version) == url


@pytest.mark.parametrize("path", [CHAT, RESPONSES])
def test_the_dated_form_is_that_of_the_official_client(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_VERSION", raising=False)
    client = AzureOpenAI(azure_endpoint=RESOURCE, api_version="2024-10-21", api_key="any")
    options = FinalRequestOptions(method="post", url=path, json_data={"model": "dep"})
    asked = client._build_request(options)  # pyright: ignore[reportPrivateUsage]  nothing public gives the URL
    assert str(asked.url) == azure_url(RESOURCE, path, "dep", "2024-10-21")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://host/v1", "https://host/other", True),
        ("https://host/v1", "https://HOST:443", True),
        ("https://host/v1", "http://host/v1", False),
        ("https://host/v1", "https://host:8443/v1", False),
        ("https://host/v1", "https://host.evil.org/v1", False),
        ("https://host/v1", "", False),
    ],
)
def test_whose_host_it_is(one: str, other: str, *, same: bool) -> None:
    assert same_host(one, other) is same
