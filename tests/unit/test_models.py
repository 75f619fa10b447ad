from __future__ import annotations

import re
from typing import Any
from unittest.mock import Mock

import pytest

from millstream import Limits, Model, ModelError
from millstream.events import Call
from millstream.models import as_model
from millstream.providers import PROVIDERS
from millstream.transcript import CallItem, Reply, TextPart, ToolResult, Transcript, UserMessage
from millstream.wire.compat import ALL
from millstream.wire.format import Ask, ToolSchema
from millstream.wire_events import Broke

ASK = Ask("gpt", Transcript((UserMessage((TextPart("Hi"),)),)))


def headers(model: Model) -> dict[str, str]:
    return dict(model.request(ASK, Limits()).headers)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "CO_API_KEY"):
        monkeypatch.setenv(name, "sk-from-the-environment")


@pytest.mark.parametrize(
    ("name", "url", "wire"),
    [
        ("openai:gpt", "https://api.openai.com/v1/responses", "openai-responses"),
        ("openai-chat:gpt", "https://api.openai.com/v1/chat/completions", "openai-chat"),
        ("deepseek:gpt", "https://api.deepseek.com/chat/completions", "openai-chat"),
        ("groq:gpt", "https://api.groq.com/openai/v1/chat/completions", "openai-chat"),
        ("mistral:gpt", "https://api.mistral.ai/v1/chat/completions", "openai-chat"),
        ("openrouter:gpt", "https://openrouter.ai/api/v1/chat/completions", "openai-chat"),
        ("together:gpt", "https://api.together.xyz/v1/chat/completions", "openai-chat"),
        ("xai:gpt", "https://api.x.ai/v1/chat/completions", "openai-chat"),
        ("openai-completions:gpt", "https://api.openai.com/v1/completions", "openai-completions"),
        ("cohere:gpt", "https://api.cohere.com/v2/chat", "cohere-v2"),
    ],
)
def test_a_model_by_name(name: str, url: str, wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROVIDERS[name.partition(":")[0]].key_variable, "sk-from-the-environment")
    model = Model(name)
    request = model.request(ASK, Limits(connect_timeout_s=7))
    assert request.url == url
    assert request.body["model"] == "gpt"
    assert request.body["stream"] is True
    assert request.connect_timeout_s == 7
    assert request.headers == {"authorization": "Bearer sk-from-the-environment"}
    assert model.format.name == wire


def test_anthropic_s_key_has_a_header_of_its_own() -> None:
    request = Model("anthropic:claude").request(ASK, Limits())
    assert request.url == "https://api.anthropic.com/v1/messages"
    assert request.headers == {"x-api-key": "sk-from-the-environment"}
    assert request.format_headers["anthropic-version"]


def test_ollama_on_this_machine_needs_no_key() -> None:
    request = Model("ollama:qwen3:8b").request(ASK, Limits())
    assert (request.url, request.headers) == ("http://localhost:11434/api/chat", {})


def test_calls_written_as_text_are_asked_for_by_their_style() -> None:
    model = Model("openai-completions:m", text_calls="hermes")
    asked = Ask("m", ASK.transcript, tools=(ToolSchema("f", "does f", {"type": "object"}),))
    assert "<tool_call>" in model.request(asked, Limits()).body["prompt"]
    with pytest.raises(ModelError, match="there are: hermes, llama"):
        Model("openai-chat:m", text_calls="xml")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_model_s_own_name_may_hold_colons() -> None:
    assert Model("openai:ft:gpt:acme::7").model == "ft:gpt:acme::7"


@pytest.mark.parametrize(("prefix", "port"), [("vllm", 8000), ("llama", 8080)])
def test_a_server_on_this_machine_needs_no_key(prefix: str, port: int) -> None:
    request = Model(f"{prefix}:qwen").request(ASK, Limits())
    assert request.headers == {}
    assert request.url.endswith(f":{port}/v1/chat/completions")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", 'names no provider: write "PROVIDER:MODEL" with one of openai, openai-chat, '),
        ("gpt", '"gpt" names no provider: write'),
        ("nobody:gpt", '"nobody:gpt" names no provider: write'),
        (":gpt", '":gpt" names no provider: write'),
        ("OpenAI:gpt", 'did you mean "openai:gpt"'),
        ("opnrouter:a/b", 'did you mean "openrouter:a/b"'),
        ("openai:", 'names no model of openai: write "openai:MODEL"'),
    ],
)
def test_a_name_of_no_model(name: str, says: str) -> None:
    with pytest.raises(ModelError) as caught:
        Model(name)
    assert says in str(caught.value)
    assert "names no model of" in says or all(prefix in str(caught.value) for prefix in PROVIDERS)


@pytest.mark.parametrize("base_url", ["localhost:8000", "http://host/v1?api-version=1"])
def test_a_base_url_that_is_none(base_url: str) -> None:
    with pytest.raises(ModelError, match="base URL"):
        Model("openai:gpt", base_url=base_url)


class TestAzure:
    @pytest.fixture(autouse=True)
    def _resource(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://acme.openai.azure.com/")
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-key")
        monkeypatch.delenv("OPENAI_API_VERSION", raising=False)

    @pytest.mark.parametrize(("prefix", "path"), [("azure", "/chat/completions"), ("azure-responses", "/responses")])
    def test_the_resource_and_its_key_are_in_the_environment(self, prefix: str, path: str) -> None:
        request = Model(f"{prefix}:dep").request(ASK, Limits())
        assert request.url == f"https://acme.openai.azure.com/openai/v1{path}"
        assert request.headers == {"api-key": "azure-key"}
        assert request.body["model"] == "gpt"

    def test_a_dated_version_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
        url = Model("azure:dep").request(ASK, Limits()).url
        assert url == ("https://acme.openai.azure.com/openai/deployments/dep/chat/completions?api-version=2024-10-21")

    def test_without_a_resource(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AZURE_OPENAI_ENDPOINT")
        model = Model("azure:dep")  # made where the environment may not be set yet
        assert repr(model) == "Model('azure:dep', base_url='')"
        with pytest.raises(ModelError, match=r"no base URL: set AZURE_OPENAI_ENDPOINT, or pass Model\(…, base_url=…\)"):
            model.request(ASK, Limits())

    def test_the_key_of_the_environment_goes_to_its_resource_only(self) -> None:
        own = Model("azure:dep", base_url="https://acme.openai.azure.com/openai/v1?api-version=preview")
        assert headers(own) == {"api-key": "azure-key"}
        other = "https://other.openai.azure.com"
        assert headers(Model("azure:dep", base_url=other)) == {}
        assert headers(Model("azure:dep", base_url=other, api_key="mine")) == {"api-key": "mine"}

    def test_a_token_stands_for_the_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AZURE_OPENAI_API_KEY")
        token = {"Authorization": "Bearer token"}
        assert headers(Model("azure:dep", headers=token)) == {"authorization": "Bearer token"}


def test_mistral_gets_ids_of_its_own_form() -> None:
    call = Call("c", 1, 0, "weather", "call_of_another")
    reply = Reply(1, (CallItem(call, "{}"),), "openai-chat", "gpt")
    ask = Ask("m", Transcript((*ASK.transcript, reply, ToolResult(call, ()))))
    _, asked, answered = Model("mistral:m", api_key="any").request(ask, Limits()).body["messages"]
    assert asked["tool_calls"][0]["id"] == answered["tool_call_id"]
    assert re.fullmatch("[a-zA-Z0-9]{9}", answered["tool_call_id"])
    _, asked, _ = Model("openai-chat:m").request(ask, Limits()).body["messages"]
    assert asked["tool_calls"][0]["id"] == "call_of_another"


@pytest.mark.parametrize("base_url", ["http://host:8000/v1", "http://host:8000/v1/", "https://[::1]/v1"])
def test_a_compatible_server(base_url: str) -> None:
    model = Model("openai-chat:llama", base_url=base_url)
    assert model.request(ASK, Limits()).url == base_url.rstrip("/") + "/chat/completions"


def test_the_key_of_the_environment_goes_to_its_own_provider_only() -> None:
    assert headers(Model("openai:gpt", base_url="http://elsewhere/v1")) == {}
    assert headers(Model("openai:gpt", base_url="http://elsewhere/v1", api_key="mine")) == {
        "authorization": "Bearer mine"
    }
    assert headers(Model("openai:gpt", base_url="https://api.openai.com/v1/"))["authorization"]


@pytest.mark.parametrize("prefix", PROVIDERS)
def test_the_key_of_one_provider_is_never_sent_to_another_s_host(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = PROVIDERS[prefix]
    for row in PROVIDERS.values():
        if row.key_variable:
            monkeypatch.setenv(row.key_variable, f"key of {row.key_variable}".replace(" ", "-"))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for theirs in PROVIDERS.values():
        there = theirs.base_url.replace("{region}", "eu-west-1")
        if there and theirs.base_url != own.base_url:
            assert headers(Model(f"{prefix}:m", base_url=there)) == {}
    if own.base_url:
        sent = " ".join(headers(Model(f"{prefix}:m")).values())
        assert sent.removeprefix("Bearer ") == (f"key-of-{own.key_variable}" if own.key_variable else "")


def test_which_deviations_a_server_may_show() -> None:
    def allowed(name: str, **given: Any) -> frozenset[str]:
        return Model(name, **given).dialect.leniencies

    assert allowed("openai:gpt") == frozenset()
    assert allowed("openai:gpt", base_url="https://api.openai.com/v1/") == frozenset()
    assert allowed("openai:gpt", base_url="http://localhost:8000/v1") == ALL
    assert allowed("openai:gpt", base_url="http://localhost:8000/v1", lenient=False) == frozenset()
    assert allowed("openai:gpt", lenient={"missing_index"}) == {"missing_index"}
    with pytest.raises(ModelError, match='there is no leniency "all"'):
        allowed("openai:gpt", lenient="all")


def test_its_responses_are_read_with_them() -> None:
    delta = {"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]}
    chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    for lenient in (True, False):
        decoder = Model("openai-chat:gpt", lenient=lenient).decoder(frozenset(), Limits())
        broke = [event.error for event in decoder.accept(chunk) if isinstance(event, Broke)]
        assert [error.kind for error in broke] == ([] if lenient else ["protocol"])


def test_a_key_in_hand_comes_before_the_environment() -> None:
    assert headers(Model("openai:gpt", api_key="mine")) == {"authorization": "Bearer mine"}


def test_headers_of_the_user_come_last_however_they_are_written() -> None:
    given = {"authorization": "Basic x", "X-Team": "seven"}
    expected = {"authorization": "Basic x", "x-team": "seven"}
    assert headers(Model("openai:gpt", headers=given)) == expected
    assert headers(Model("openai:gpt", headers=given, api_key="mine")) == expected


def test_settings_are_fields_of_the_request() -> None:
    given: dict[str, Any] = {"temperature": 0, "reasoning": {"effort": "low"}}
    ask = Ask("gpt", ASK.transcript, settings=Model("openai:gpt", settings=given).settings)
    body = Model("openai:gpt").request(ask, Limits()).body
    assert {name: body[name] for name in given} == given


def test_nothing_that_can_be_printed_shows_the_key() -> None:
    model = Model("openai:gpt", api_key="sk-secret", headers={"x-token": "sk-other"})
    for shown in (repr(model), str(model), repr(model.request(ASK, Limits()))):
        assert "sk-" not in shown


def test_as_model() -> None:
    model = Model("openai:gpt")
    assert as_model(model) is model
    assert as_model("openai:gpt").name == "openai:gpt"


# --- Bedrock ---


@pytest.fixture
def _aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("AWS_BEARER_TOKEN_BEDROCK", raising=False)


@pytest.mark.usefixtures("_aws")
def test_a_model_of_bedrock_stands_in_the_path_and_is_signed_for() -> None:
    request = Model("bedrock:us.anthropic.claude-v1:0").request(
        Ask("us.anthropic.claude-v1:0", ASK.transcript), Limits()
    )
    assert request.url == (
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-v1%3A0/converse-stream"
    )
    assert request.headers == {}
    assert request.signer is not None
    assert request.format_headers == {"accept": "application/vnd.amazon.eventstream"}


@pytest.mark.usefixtures("_aws")
def test_a_key_of_bedrock_stands_for_the_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "from-the-environment")
    european = "https://bedrock-runtime.eu-west-1.amazonaws.com"
    for model in (Model("bedrock:m"), Model("bedrock:m", base_url=european)):
        assert headers(model) == {"authorization": "Bearer from-the-environment"}
        assert model.request(ASK, Limits()).signer is None
    assert headers(Model("bedrock:m", api_key="given")) == {"authorization": "Bearer given"}
    assert (
        Model("bedrock:m", headers={"Authorization": "mine"}, base_url="http://x").request(ASK, Limits()).signer is None
    )


@pytest.mark.usefixtures("_aws")
def test_a_key_of_bedrock_stays_with_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "from-the-environment")
    request = Model("bedrock:m", base_url="https://bedrock-runtime.us-east-1.amazonaws.com.evil.example").request(
        ASK, Limits()
    )
    assert request.headers == {}
    assert request.signer is not None


def test_bedrock_without_a_region_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(ModelError, match="set AWS_REGION"):
        Model("bedrock:m").request(ASK, Limits())


def test_bedrock_without_botocore_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("millstream.wire.aws_event_stream.find_spec", Mock(return_value=None))
    with pytest.raises(ModelError, match=r"pip install 'millstream\[bedrock\]'"):
        Model("bedrock:m")
    Model("openai:m")
