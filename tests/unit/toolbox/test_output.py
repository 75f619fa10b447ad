"""What a tool may return, and the form it takes in the log and for the model."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from millstream import Limits, MediaPart, UsageError
from millstream.toolbox.output import Output, output_of, parts_of
from millstream.toolbox.results import NotJson
from millstream.transcript import JsonPart, TextPart

LIMITS = Limits(max_media_bytes=100, max_media_parts=3)
PNG = b"\x89PNG\r\n\x1a\n"
IMAGE = MediaPart.of_bytes(PNG, "image/png", "chart.png")
IN_JSON = {
    "type": "media",
    "media_type": "image/png",
    "base64": base64.b64encode(PNG).decode(),
    "name": "chart.png",
}


class City(BaseModel):
    name: str
    photo: Any = None


@dataclass
class Place:
    name: str
    photo: Any = None


def refusal(returned: Any, limits: Limits = LIMITS) -> str:
    with pytest.raises(NotJson) as caught:
        output_of(returned, limits)
    return str(caught.value)


# --- images and files ---


@pytest.mark.parametrize("returned", [IMAGE, [IMAGE], (IMAGE,)])
def test_an_image_alone(returned: Any) -> None:
    output = output_of(returned, LIMITS)
    assert output == Output([IN_JSON], (0,))
    assert parts_of(output) == (IMAGE,)


def test_images_between_texts_and_json() -> None:
    url = MediaPart("image/jpeg", url="https://example.org/a.jpg")
    output = output_of(
        ["here it is", City(name="Paris"), IMAGE, url, TextPart("and"), JsonPart({"b": 1, "a": 2})], LIMITS
    )
    assert output.media == (2, 3)
    assert output.value[3] == {"type": "media", "media_type": "image/jpeg", "url": "https://example.org/a.jpg"}
    assert json.loads(json.dumps(output.value)) == output.value
    assert parts_of(output) == (
        TextPart('here it is\n{"name":"Paris","photo":null}'),
        IMAGE,
        url,
        TextPart('and\n{"a":2,"b":1}'),
    )


def test_what_only_looks_like_an_image_is_json() -> None:
    for returned in (IN_JSON, [IN_JSON], ["a", {"type": "media"}]):
        output = output_of(returned, LIMITS)
        assert output == Output(returned)
        assert [type(part) for part in parts_of(output)] == [TextPart]
    output = output_of([IMAGE, IN_JSON], LIMITS)
    assert output.media == (0,)
    assert [type(part) for part in parts_of(output)] == [MediaPart, TextPart]


@pytest.mark.parametrize(
    "returned", [{"photo": IMAGE}, City(name="Paris", photo=IMAGE), Place("Paris", [IMAGE]), ["a", ["b", IMAGE]]]
)
def test_an_image_deep_within_is_refused_and_not_written_out_as_text(returned: Any) -> None:
    assert "return it alone, or as an item of a list" in refusal(returned)


def test_there_are_only_so_many_and_they_are_only_so_large() -> None:
    assert "at most 3 fit" in refusal([IMAGE] * 4)
    half = MediaPart.of_bytes(b"x" * 51, "text/plain")
    assert output_of(["a", half], LIMITS).media == (1,)
    told = refusal([half, half])
    assert "102 bytes, at most 100 fit" in told
    assert "smaller" in told


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (MediaPart("image/png"), "neither data nor a URL"),
        (MediaPart("image/png", url="chart.png"), "neither data nor a URL"),
        (MediaPart("image/png", url="file:///etc/passwd"), "neither data nor a URL"),
        (MediaPart("image/png", base64=""), "no data in base64"),
        (MediaPart("image/png", base64="é!"), "no data in base64"),
        (MediaPart("image/png", base64="abc"), "no data in base64"),
        (MediaPart("image/png", base64=PNG), "no data in base64"),  # type: ignore[arg-type]
        (MediaPart("image/png", base64=7), "no data in base64"),  # type: ignore[arg-type]
        (MediaPart("image/png", base64="eA==", url="https://a.b"), "data and a URL"),
        (MediaPart("png", base64="eA=="), "no media type"),
        (MediaPart("", base64="eA=="), "no media type"),
        (MediaPart(None, base64="eA=="), "no media type"),  # type: ignore[arg-type]
    ],
)
def test_what_every_provider_would_refuse_is_refused_here(part: MediaPart, told: str) -> None:
    assert told in refusal(["a", part])


def test_half_a_character_in_a_name_becomes_a_whole_one() -> None:
    output = output_of(MediaPart.of_bytes(b"x", "text/plain", "a\udcff.txt"), LIMITS)
    name = output.value[0]["name"]
    assert name.startswith("a\ufffd")
    assert name.encode()


def test_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "chart.png"
    path.write_bytes(PNG)
    assert MediaPart.of_path(path) == MediaPart.of_path(str(path)) == IMAGE
    assert MediaPart.of_path(path, "image/x-other").media_type == "image/x-other"
    (tmp_path / "chart").write_bytes(PNG)
    with pytest.raises(UsageError, match=r"add its media type"):
        MediaPart.of_path(tmp_path / "chart")
    with pytest.raises(FileNotFoundError):
        MediaPart.of_path(tmp_path / "other.png")


@pytest.mark.parametrize(
    ("name", "kind"), [("a.webp", "image/webp"), ("a.pdf", "application/pdf"), ("a.csv", "text/csv")]
)
def test_the_ending_tells_the_media_type(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert MediaPart.of_path(tmp_path / name).media_type == kind


def test_data_is_not_written_out_where_a_part_is_shown() -> None:
    assert IMAGE.base64 is not None
    assert IMAGE.base64 not in repr(IMAGE)


# --- everything else ---


@pytest.mark.parametrize(
    "returned", [PNG, b"text", bytearray(b"a"), memoryview(b"a"), {"a": PNG}, City(name="a", photo=PNG)]
)
def test_bytes_are_refused_with_a_word_on_what_to_do(returned: Any) -> None:
    told = refusal(returned)
    assert "is no JSON value" in told
    assert "MediaPart.of_bytes" in told


class Nasty:
    def __repr__(self) -> str:
        raise AssertionError("asked for its words")

    __str__ = __repr__


class Secret:
    def __repr__(self) -> str:
        return "the password is 1234"


@dataclass
class Circle:
    inner: list[Any] = field(default_factory=list[Any])


def circle() -> Circle:
    made = Circle()
    made.inner.append(made)
    return made


def deep(levels: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(levels):
        made = [made]
    return made


@pytest.mark.parametrize(
    "returned",
    [
        Nasty(),
        [Nasty()],
        {Nasty()},
        {"a": Nasty()},
        Secret(),
        {Secret()},
        {"a": {"b": Secret()}},
        City(name="a", photo=Secret()),
        Place("a", Secret()),
        float("nan"),
        [float("inf")],
        10**5000,
        [10**5000],
        circle(),
        deep(100_000),
        lambda: 1,
        object,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_json_is_refused_and_never_shown_by_its_repr(returned: Any) -> None:
    told = refusal(returned)
    assert told == f"its result, of type {type(returned).__name__}, is no JSON value"


@pytest.mark.parametrize("returned", ["", None, True, 0, -1.5, 2**1500, [], {}, "é", {"é": ["\U0001f600"]}])
def test_what_is_json_stays_as_it_is(returned: Any) -> None:
    output = output_of(returned, LIMITS)
    assert output == Output(returned)
    assert len(parts_of(output)) == 1
