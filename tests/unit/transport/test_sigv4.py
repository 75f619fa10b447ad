"""Requests to AWS are signed over the bytes that are sent, and what signs them stays secret."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

from millstream.errors import ModelError, WireError
from millstream.transport.http import HttpTransport
from millstream.transport.seam import Request
from millstream.transport.sigv4 import AwsCredentials, Sigv4, in_region, region, region_of
from tests.unit.transport.aws import Sent, endpoint, is_signed

KEY, SECRET, TOKEN = "AKIDEXAMPLE0", "a-secret-key-of-aws", "a-session-token"
URL = "https://bedrock-runtime.us-east-1.amazonaws.com/model/a.b-v1%3A0/converse-stream"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No credentials but those a test gives."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_BEARER_TOKEN_BEDROCK", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


def signer(region: str = "us-east-1") -> Sigv4:
    return Sigv4(AwsCredentials(), "bedrock", region)


def signed(headers: Mapping[str, str], url: str = URL, content: bytes = b"{}") -> Sent:
    """The request as a server would see it."""
    host = url.split("/")[2]
    path = "/" + url.split("/", 3)[3]
    return Sent(path, {"host": host} | dict(headers) | dict(signer().sign(url, content, headers)), content)


def test_the_signature_is_the_one_that_aws_calculates() -> None:
    sent = signed({"content-type": "application/json", "accept": "*/*", "x-amz-meta": "a  b"})
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-meta," in sent.headers["authorization"]
    assert is_signed(sent, SECRET, "us-east-1")
    assert not is_signed(Sent(sent.path, sent.headers, b"{ }"), SECRET, "us-east-1")
    assert not is_signed(sent, "another", "us-east-1")
    assert not is_signed(sent, SECRET, "eu-west-1")


def test_at_a_fixed_time_it_is_a_fixed_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    headers = signer().sign(URL, b"{}", {})
    assert headers["x-amz-date"] == "20260102T030405Z"
    assert headers["authorization"].startswith(
        f"AWS4-HMAC-SHA256 Credential={KEY}/20260102/us-east-1/bedrock/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature="
    )
    assert headers == signer().sign(URL, b"{}", {})


def test_a_session_s_token_is_sent_and_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    sent = signed({})
    assert sent.headers["x-amz-security-token"] == TOKEN
    assert "x-amz-security-token" in sent.headers["authorization"]
    assert is_signed(sent, SECRET, "us-east-1")


def test_what_it_signed_with_is_among_the_secrets_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    one = signer()
    request = Request(URL, {}, {}, signer=one)
    assert request.secrets == frozenset()
    made = one.sign(URL, b"{}", {})
    signature = made["authorization"].rpartition("=")[2]
    assert {KEY, SECRET, TOKEN, signature, made["authorization"]} <= request.secrets
    assert SECRET not in repr(request)
    assert signature not in repr(request)


def test_without_credentials_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ModelError, match="no AWS credentials: set AWS_BEARER_TOKEN_BEDROCK, or log in"):
        signer().sign(URL, b"", {})


def test_credentials_that_can_not_be_had_are_an_error_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ModelError, match=r"can not be had: The config profile \(nobody\) could not be found"):
        signer().sign(URL, b"", {})


def test_credentials_are_looked_for_once_and_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    look: Any = import_module("botocore.session").Session.get_credentials

    def get_credentials(session: object) -> Any:
        looked.append(1)
        return look(session)

    monkeypatch.setattr("botocore.session.Session.get_credentials", get_credentials)
    credentials = AwsCredentials()
    assert [credentials.get().access_key for _ in range(2)] == [KEY, KEY]
    assert looked == [1]


@pytest.mark.parametrize(
    ("base_url", "its"),
    [
        ("https://bedrock-runtime.us-east-1.amazonaws.com", "us-east-1"),
        ("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("https://bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("https://vpce-0a1b-c2.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "eu-west-1"),
        ("https://bedrock-runtime.eu-west-1.api.aws", "eu-west-1"),
        ("https://bedrock-runtime.us-east-1.amazonaws.com.evil.example", None),
        ("https://evil.example/bedrock-runtime.us-east-1.amazonaws.com", None),
        ("http://127.0.0.1:8000", None),
    ],
)
def test_an_endpoint_s_host_says_its_region(base_url: str, its: str | None) -> None:
    assert region_of(base_url) == its


def test_the_region_comes_from_the_environment_and_is_no_host_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    template = "https://bedrock-runtime.{region}.amazonaws.com"
    with pytest.raises(ModelError, match="no AWS region: set AWS_REGION"):
        in_region(template)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert in_region(template) == "https://bedrock-runtime.eu-west-1.amazonaws.com"
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    assert in_region(template) == "https://bedrock-runtime.us-east-2.amazonaws.com"
    assert region("https://bedrock-runtime.ap-south-1.amazonaws.com") == "ap-south-1"
    assert in_region("http://127.0.0.1:8000") == "http://127.0.0.1:8000"
    monkeypatch.setenv("AWS_REGION", "evil.example/")
    with pytest.raises(ModelError, match="which is no region"):
        in_region(template)


# --- over HTTP ---


async def body_of(asked: Request) -> bytes:
    transport = HttpTransport()
    async with transport, transport.open(asked) as incoming:
        pieces: list[bytes] = []
        while piece := await incoming.receive():
            pieces.append(piece)
        return b"".join(pieces)


@pytest.mark.anyio
async def test_what_is_sent_is_what_was_signed() -> None:
    with endpoint(b"said") as server:
        url = f"{server.url}/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ax%2Fy/converse-stream"
        body = {"text": "é\ud83d", "n": 1.0}
        assert await body_of(Request(url, body, {"x-amz-trace": "1"}, signer=signer())) == b"said"
    (sent,) = server.sent
    assert sent.path.startswith("/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ax%2Fy/")
    assert is_signed(sent, SECRET, "us-east-1")
    assert "x-amz-trace" in sent.headers["authorization"]


@pytest.mark.anyio
async def test_credentials_that_do_not_come_are_not_waited_for() -> None:
    come = threading.Event()

    class Stuck:
        secrets = ()

        def sign(self, url: str, content: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
            del url, content
            come.wait(10)
            return headers

    try:
        with pytest.raises(WireError, match=r"no credentials to sign with within 0\.05 s") as caught:
            await body_of(Request("http://127.0.0.1:9/x", {}, {}, connect_timeout_s=0.05, signer=Stuck()))
    finally:
        come.set()
    assert caught.value.phase == "connect"
    assert caught.value.retryable
