from xml.etree import ElementTree as ET

import pytest

from millstream.events import ArgsDelta, CallFailed, Problem, Record, Rejected, TurnEnded, TurnStarted
from millstream.ui.timeline_svg import MAX_LANES, WIDTH, timeline_svg
from tests.unit.ui.logs import Log, trip

NS = "{http://www.w3.org/2000/svg}"
LEFT, RIGHT = 160, 632


def drawn(records: list[Record]) -> ET.Element:
    return ET.fromstring(timeline_svg(records))


def lanes(root: ET.Element) -> dict[str, ET.Element]:
    return {lane.findtext(f"{NS}title") or "": lane for lane in root.iter(f"{NS}g")}


def bars(lane: ET.Element) -> list[tuple[str, float, float]]:
    """Kind, start and end of each bar, in units of the picture."""
    return [
        (bar.get("class") or "", float(bar.get("x") or 0), float(bar.get("x") or 0) + float(bar.get("width") or 0))
        for bar in lane.iter(f"{NS}rect")
    ]


def x(at_s: float, span_s: float = 5.72) -> float:
    return LEFT + (RIGHT - LEFT) * at_s / span_s


def texts(root: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter(f"{NS}text")]


def test_there_is_a_lane_for_the_model_and_one_for_each_call() -> None:
    root = drawn(trip())
    names = ["model", "weather", "search_flights", "exchange_rate", "convert", "book_hotel", "save_itinerary"]
    assert list(lanes(root)) == names
    heights = [float(lane.find(f"{NS}text").get("y") or 0) for lane in lanes(root).values()]  # type: ignore[union-attr]
    assert heights == sorted(set(heights))
    assert root.get("width") == str(WIDTH)
    assert float(root.get("height") or 0) > heights[-1]


def test_bars_are_where_their_times_are() -> None:
    root = drawn(trip())
    weather = bars(lanes(root)["weather"])
    assert [kind for kind, _, _ in weather] == ["args", "done"]
    assert weather[0][1:] == pytest.approx((x(0.62), x(0.81)), abs=0.02)
    assert weather[1][1:] == pytest.approx((x(0.81), x(1.62)), abs=0.02)
    rates = bars(lanes(root)["exchange_rate"])
    assert [kind for kind, _, _ in rates] == ["args", "failed", "backoff", "done"]
    assert rates[1][1:] == pytest.approx((x(1.45), x(2.25)), abs=0.02)
    assert rates[3][1:] == pytest.approx((x(2.65), x(3.10)), abs=0.02)
    model = bars(lanes(root)["model"])
    assert [kind for kind, _, _ in model] == ["asking", "writing", "asking", "writing"]
    assert model[1][1:] == pytest.approx((x(0.35), x(3.50)), abs=0.02)


def test_a_rejected_call_has_a_mark_that_can_be_seen() -> None:
    mark = bars(lanes(drawn(trip()))["convert"])[-1]
    assert mark[0] == "failed"
    assert mark[2] - mark[1] == pytest.approx(3.0)


def test_the_headline_the_axis_and_the_legend_are_text() -> None:
    said = texts(drawn(trip()))
    assert "2.30 s saved by overlap" in said
    assert "3 at once · first call after 0.81 s" in said
    assert [label for label in ("0", "1", "2", "3", "4", "5 s") if label not in said] == []
    assert {"model writes", "arguments arrive", "waiting", "done", "failed", "pause before a retry"} <= set(said)
    assert "running" not in said  # only what the picture holds is explained
    assert {"✓ 0.81 s", "✗ rejected", "✗ timed out"} <= set(said)


def test_the_picture_is_told_in_words_too() -> None:
    description = drawn(trip()).findtext(f"{NS}desc") or ""
    assert "weather done" in description
    assert "2.30 s were saved" in description


def test_it_stands_alone_and_follows_light_and_dark() -> None:
    svg = timeline_svg(trip())
    assert "prefers-color-scheme:dark" in svg
    assert svg.count("http") == 1  # the name of the XML namespace
    assert "<script" not in svg


def test_a_running_call_reaches_to_the_last_record_and_its_arguments_are_seen_below_it() -> None:
    log = Log()
    log.start()
    log.add(0.0, TurnStarted(1))
    call = log.open(1.0, "write_file")
    log.run(call, 2.0, state="streaming")
    log.add(4.0, ArgsDelta(call, "x"))
    root = drawn(log.records)
    args, running = lanes(root)["write_file"].iter(f"{NS}rect")
    first, second = bars(lanes(root)["write_file"])
    assert (first[0], second[0]) == ("args", "running")
    assert first[1:] == pytest.approx((x(1, 4), RIGHT))
    assert second[1:] == pytest.approx((x(2, 4), RIGHT))
    assert float(running.get("height") or 0) < float(args.get("height") or 0)


def test_more_calls_than_can_be_read_are_counted() -> None:
    log = Log()
    log.start()
    for number in range(200):
        log.whole(f"tool_{number}", opened=0.1, started=0.2, ended=0.3 + number / 100, turn=number // 64 + 1)
    root = drawn(log.sorted())
    assert len(lanes(root)) == MAX_LANES + 1
    assert "+140 more calls" in texts(root)


@pytest.mark.parametrize(
    "name",
    [
        "</text><script>alert(1)</script>",
        "\x1b[31m&<>\"'\x00",
        "\u202egnp.exe",
        "x" * 5000,
        "日本" * 40,
        "\ud83d\ufffe",
    ],
)
def test_hostile_names_are_text_and_short(name: str) -> None:
    log = Log()
    log.start()
    log.add(0.1, TurnStarted(1))
    call = log.open(0.2, name, call_id="c")
    log.add(0.4, CallFailed(call, Rejected((Problem("", name, "json", 0),), 0)), TurnEnded(1, "stop"))
    svg = timeline_svg(log.records)
    root = ET.fromstring(svg)
    assert root.find(f".//{NS}script") is None
    assert "\u202e" not in svg
    assert max(map(len, texts(root))) < 100
    svg.encode()


@pytest.mark.parametrize("records", [[], trip()[:1], trip()[:3]])
def test_a_run_without_calls_has_a_picture(records: list[Record]) -> None:
    root = drawn(records)
    assert "no tool was started" in texts(root)
    assert list(lanes(root)) == ["model"]


def test_no_overlap_is_said() -> None:
    log = Log()
    log.start()
    log.add(0.0, TurnStarted(1))
    log.add(1.0, TurnEnded(1, "tool_calls"))
    log.whole("late", opened=0.5, started=1.5, ended=2.0)
    assert "no time saved by overlap" in texts(drawn(log.sorted()))
