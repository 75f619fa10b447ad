from __future__ import annotations

from typing import Any

import pytest

from millstream.errors import ModelError
from millstream.providers import PROVIDERS
from millstream.wire.compat import ALL, Dialect, Leniency
from millstream.wire.dialects import DIALECTS, SEEN, dialect_of

_OFFICIAL = ("openai", "openai-chat", "azure", "azure-responses")
_NAMES = {"mistral": "Mistral", "openrouter": "OpenRouter", "llama": "llama.cpp", "vllm": "vLLM", "together": "vLLM"}


def test_every_provider_of_openais_wires_has_a_row() -> None:
    wires = ("openai-chat", "openai-responses")
    assert {prefix for prefix, row in PROVIDERS.items() if row.wire in wires} == set(DIALECTS)


@pytest.mark.parametrize("prefix", _OFFICIAL)
def test_the_official_hosts_are_read_strictly_and_know_every_word(prefix: str) -> None:
    assert DIALECTS[prefix] == Dialect() == dialect_of(prefix, "auto", own_host=True)
    assert Dialect().leniencies == frozenset()


@pytest.mark.parametrize("prefix", sorted(set(DIALECTS) - set(_OFFICIAL)))
def test_an_imitation_has_what_it_is_known_for_and_no_words_of_openais_alone(prefix: str) -> None:
    row = DIALECTS[prefix]
    assert not row.custom_tools
    assert not row.moderation
    assert all(_NAMES[prefix] in SEEN[leniency] for leniency in row.leniencies)


def test_a_server_at_a_base_url_of_one_s_own_may_do_anything_and_keeps_its_words() -> None:
    assert dialect_of("openai", "auto", own_host=False) == Dialect(ALL)
    other = dialect_of("deepseek", "auto", own_host=False)
    assert (other.leniencies, other.max_tokens) == (ALL, "max_tokens")
    assert dialect_of("a-prefix-without-a-row", "auto", own_host=True).leniencies == ALL


@pytest.mark.parametrize("own_host", [True, False])
@pytest.mark.parametrize(
    ("lenient", "leniencies"),
    [
        (True, ALL),
        (False, frozenset[Leniency]()),
        ({"missing_index"}, {"missing_index"}),
        (["missing_index", "late_name"], {"missing_index", "late_name"}),
        ((), frozenset[Leniency]()),
    ],
)
def test_the_user_has_the_last_word(lenient: Any, leniencies: set[Leniency], own_host: bool) -> None:
    assert dialect_of("openrouter", lenient, own_host=own_host).leniencies == leniencies


def test_a_leniency_that_is_none() -> None:
    wrong: Any = {"missing_indexes"}
    with pytest.raises(ModelError, match='there is no leniency "missing_indexes"; did you mean "missing_index"'):
        dialect_of("openai", wrong, own_host=True)
    wrong = "yes"
    with pytest.raises(ModelError, match='there is no leniency "yes"; there are: args_object, args_repeated_whole'):
        dialect_of("openai", wrong, own_host=True)
