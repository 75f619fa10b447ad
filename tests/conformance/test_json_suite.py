"""The scanner agrees with RFC 8259, as JSONTestSuite asks it, and decides on purpose where the RFC leaves it open.

The suite's files are bytes, arguments are text: what is not UTF-8 is refused where bytes become text (every wire
decodes JSON messages) and never reaches the scanner. Those files are checked to be of that kind, no more.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from millstream.arguments import Assembler
from tests.corpus import suite
from tests.outcome import however_cut

_FILES: Final = sorted((suite("JSONTestSuite") / "test_parsing").glob("*.json"))

_REFUSED_ON_PURPOSE: Final = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}
"""Valid by the grammar; but which of two values a tool was meant to get nobody can know."""

_ACCEPTED: Final = "accepted"
_NOT_UTF8: Final = "not UTF-8"
_HIGH: Final = "a lone high surrogate"
_LOW: Final = "a lone low surrogate"
_TOO_LARGE: Final = "too large for a double"
_DECIDED: Final = {
    "i_number_double_huge_neg_exp.json": _ACCEPTED,  # 0.0, as every JSON parser has it
    "i_number_huge_exp.json": _TOO_LARGE,
    "i_number_neg_int_huge_exp.json": _TOO_LARGE,
    "i_number_pos_double_huge_exp.json": _TOO_LARGE,
    "i_number_real_neg_overflow.json": _TOO_LARGE,
    "i_number_real_pos_overflow.json": _TOO_LARGE,
    "i_number_real_underflow.json": _ACCEPTED,
    "i_number_too_big_neg_int.json": _ACCEPTED,  # Python's integers have no end; up to Limits.max_number_digits
    "i_number_too_big_pos_int.json": _ACCEPTED,
    "i_number_very_big_negative_int.json": _ACCEPTED,
    "i_object_key_lone_2nd_surrogate.json": _LOW,
    "i_string_1st_surrogate_but_2nd_missing.json": _HIGH,
    "i_string_1st_valid_surrogate_2nd_invalid.json": _HIGH,
    "i_string_UTF-16LE_with_BOM.json": _NOT_UTF8,
    "i_string_UTF-8_invalid_sequence.json": _NOT_UTF8,
    "i_string_UTF8_surrogate_U+D800.json": _NOT_UTF8,
    "i_string_incomplete_surrogate_and_escape_valid.json": _HIGH,
    "i_string_incomplete_surrogate_pair.json": _LOW,
    "i_string_incomplete_surrogates_escape_valid.json": _HIGH,
    "i_string_invalid_lonely_surrogate.json": _HIGH,
    "i_string_invalid_surrogate.json": _HIGH,
    "i_string_invalid_utf-8.json": _NOT_UTF8,
    "i_string_inverted_surrogates_U+1D11E.json": _LOW,
    "i_string_iso_latin_1.json": _NOT_UTF8,
    "i_string_lone_second_surrogate.json": _LOW,
    "i_string_lone_utf8_continuation_byte.json": _NOT_UTF8,
    "i_string_not_in_unicode_range.json": _NOT_UTF8,
    "i_string_overlong_sequence_2_bytes.json": _NOT_UTF8,
    "i_string_overlong_sequence_6_bytes.json": _NOT_UTF8,
    "i_string_overlong_sequence_6_bytes_null.json": _NOT_UTF8,
    "i_string_truncated-utf-8.json": _NOT_UTF8,
    "i_string_utf16BE_no_BOM.json": _NOT_UTF8,
    "i_string_utf16LE_no_BOM.json": _NOT_UTF8,
    "i_structure_500_nested_arrays.json": "nested deeper than 128 levels",
    "i_structure_UTF-8_BOM_empty_object.json": 'found "\\ufeff"',  # a byte order mark is no white space of JSON
}


def _of_kind(kind: str) -> list[object]:
    return [pytest.param(file, id=file.stem) for file in _FILES if file.name.startswith(kind)]


def _text(file: Path) -> str | None:
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize("file", _of_kind("y_"))
def test_what_is_json_is_accepted(file: Path) -> None:
    text = _text(file)
    assert text is not None
    outcome = however_cut(text, Assembler)
    if file.name in _REFUSED_ON_PURPOSE:
        assert outcome.rejected is not None
        assert outcome.rejected.problems[0].message == 'the key "a" is there twice in one object'
    else:
        assert outcome.value == json.dumps(json.loads(text))


@pytest.mark.parametrize("file", _of_kind("n_"))
def test_what_is_not_json_is_refused(file: Path) -> None:
    text = _text(file)
    if text is not None:
        assert however_cut(text, Assembler).rejected is not None


@pytest.mark.parametrize("file", _of_kind("i_"))
def test_what_the_rfc_leaves_open_is_decided(file: Path) -> None:
    decided = _DECIDED[file.name]
    text = _text(file)
    if text is None:
        assert decided == _NOT_UTF8
        return
    outcome = however_cut(text, Assembler)
    if decided == _ACCEPTED:
        assert outcome.value == json.dumps(json.loads(text))
    else:
        assert outcome.rejected is not None
        assert decided in outcome.rejected.problems[0].message


def test_the_suite_is_whole() -> None:
    kinds = [file.name[0] for file in _FILES]
    assert (kinds.count("y"), kinds.count("n"), kinds.count("i")) == (95, 188, 35)
    assert {file.name for file in _FILES if file.name.startswith("i_")} == _DECIDED.keys()
    assert sum(_text(file) is None for file in _FILES if file.name.startswith("n_")) == 12
