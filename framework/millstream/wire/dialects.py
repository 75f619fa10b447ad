"""The servers behind the prefixes of OpenAI's two wires: one row each, and who is known for which deviation.

OpenAI and Azure send what the wire says. A row names what a server was recorded or reported to do; a server at a base
URL of the user's own may be any, so everything is borne there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final, cast

from millstream.errors import ModelError
from millstream.wire.compat import ALL, Dialect, Leniency, Lenient

SEEN: Final[Mapping[Leniency, str]] = {
    "missing_index": "Mistral (recorded); Gemini's compatible API, openai/openai-python#2806; SGLang, "
    "sgl-project/sglang#5661; Ollama, ollama/ollama#7881",
    "index_always_0": "Ollama, ollama/ollama#15457; Dynamo, ai-dynamo/dynamo#4723; vLLM, InternLM/lmdeploy#3412; "
    "LiteLLM, BerriAI/litellm#37792",
    "index_restarts": "any-llm's Gemini adapter, mozilla-ai/any-llm#1148",
    "missing_id": "LM Studio, lmstudio-ai/lmstudio-bug-tracker#830; llama.cpp, sigoden/aichat#1296",
    "duplicate_id": "derived from the identical ids that adapters make of equal calls, mozilla-ai/any-llm#1148",
    "rotating_ids": "GitHub Copilot (recorded), vercel/ai#18548, BerriAI/litellm#30072; Mistral, "
    "langchain-ai/langchain#38673",
    "id_in_function": "llama.cpp, ggml-org/llama.cpp#13800",
    "empty_id_or_name": "Mistral (recorded); DashScope, anomalyco/opencode#37841, symfony/ai#2220; vLLM, "
    "InternLM/lmdeploy#3412",
    "null_fields": "Writer (recorded); SGLang, sgl-project/sglang#35542; vLLM, vllm-project/vllm#9693, #42167; "
    "Kimi by OpenRouter (recorded)",
    "null_literal": "LiteLLM, BerriAI/litellm#12513; Mistral, langchain-ai/langchainjs#11373",
    "repeated_name": "Kimi by OpenRouter (recorded); llama.cpp, ggml-org/llama.cpp#13774, #12379; vLLM, "
    "vllm-project/vllm#14951, #44098",
    "late_name": "vmlx, jjang-ai/vmlx#244",
    "args_object": "LiteLLM, BerriAI/litellm#37792",
    "args_repeated_whole": "vLLM, vllm-project/vllm#42167, #51697, #39615",
    "content_list": "Mistral (recorded)",
    "content_after_finish": "Writer (recorded)",
    "finish_reason_outside_enum": "OpenRouter, diegosouzapw/OmniRoute#8210; LiteLLM, BerriAI/litellm#12481",
    "finish_reason_twice": "OpenRouter (recorded); Writer (recorded)",
    "no_done_marker": "Writer (recorded); GPUStack (recorded)",
    "missing_output_index": "llama.cpp, ggml-org/llama.cpp#20607; Lemonade, lemonade-sdk/lemonade#3607",
    "shared_output_index": "Open Responses Server, teabranch/open-responses-server#63",
    "missing_item_events": "derived from servers that leave out the smaller events, ogx-ai/ogx#5309",
}
"""Who does it, and where that is told."""


def _like_openai(*leniencies: Leniency, **known: Any) -> Dialect:
    """An imitation: how it deviates, and what it knows of requests besides tools and schemas."""
    careful = Dialect(frozenset(leniencies), custom_tools=False, moderation=False, forced_calls=False, cache_key=False)
    return replace(careful, **known)


_VLLM: Final[tuple[Leniency, ...]] = (
    *("index_always_0", "empty_id_or_name", "null_fields", "repeated_name", "args_repeated_whole"),
)
DIALECTS: Final[dict[str, Dialect]] = {
    "openai": Dialect(),
    "openai-chat": Dialect(),
    "azure": Dialect(),
    "azure-responses": Dialect(),
    "deepseek": _like_openai(
        max_tokens="max_tokens",  # ignores the other field, earendil-works/pi#8018
        output="never",  # JSON it knows, a schema it does not: api-docs.deepseek.com/guides/json_mode
    ),
    "groq": _like_openai(
        hosted_tools=True,  # console.groq.com/docs/tool-use/built-in-tools
        output="never",  # not while streaming: console.groq.com/docs/structured-outputs
    ),
    "mistral": _like_openai(
        *("missing_index", "empty_id_or_name", "null_literal", "rotating_ids", "content_list"),
        max_tokens="max_tokens",  # refuses the other field, BerriAI/litellm#9583
        output="alone",
    ),
    "openrouter": _like_openai(
        *("finish_reason_twice", "finish_reason_outside_enum", "repeated_name", "null_fields"),
        hosted_tools=True,  # openrouter.ai/docs/guides/features/server-tools
        output="never",  # few of the models behind it know it, and those that do not ignore it
    ),
    "together": _like_openai(
        *_VLLM,  # serves open models
        max_tokens="max_tokens",  # anomalyco/opencode#44602
        output="alone",
    ),
    "xai": _like_openai(),
    "llama": _like_openai(
        *("missing_id", "id_in_function", "repeated_name", "missing_output_index"),
        output="alone",  # it refuses a grammar beside tools
    ),
    "vllm": _like_openai(*_VLLM, output="alone"),  # the schema binds the whole answer, so that no tool could be called
}
"""Every prefix of a server of OpenAI's wires."""


def dialect_of(prefix: str, lenient: Lenient, *, own_host: bool) -> Dialect:
    """The dialect of a prefix, with the leniencies that the user wants.

    Args:
        prefix: of the model string.
        lenient: "auto" for those of its row, or all at another host than the provider's; True for all, False for none,
            or names of leniencies for exactly these.
        own_host: whether the base URL is the provider's own.

    Raises:
        ModelError: there is no leniency of that name.
    """
    known = DIALECTS.get(prefix, Dialect(ALL))
    if lenient == "auto":
        return known if own_host else replace(known, leniencies=ALL)
    if isinstance(lenient, bool):
        return replace(known, leniencies=ALL if lenient else frozenset())
    names = [lenient] if isinstance(lenient, str) else list(cast("Iterable[str]", lenient))
    for name in names:
        if name not in ALL:
            near = get_close_matches(name, ALL, 1)
            told = f'did you mean "{near[0]}"?' if near else f"there are: {', '.join(sorted(ALL))}"
            raise ModelError(f'there is no leniency "{name}"; {told}')
    return replace(known, leniencies=frozenset(cast("list[Leniency]", names)))
