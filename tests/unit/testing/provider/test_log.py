"""Recorded requests: what is kept, what is masked, and waiting for it."""

import json
import threading

import pytest

from millstream.testing.provider import log as log_module
from millstream.testing.provider.log import Log


def test_a_request_is_recorded_with_its_marks() -> None:
    log = Log()
    entry = log.add("/v1/responses", {"accept": "x"}, {"model": "m"}, 1.5)
    entry.answered(200, 3)
    entry.mark("response-start")
    entry.mark("finish")
    (record,) = log.requests()
    assert (record.number, record.path, record.body, record.at_s) == (0, "/v1/responses", {"model": "m"}, 1.5)
    assert (record.status, record.answer, record.disconnected_at_s) == (200, 3, None)
    assert record.at("finish") >= record.at("response-start")
    with pytest.raises(KeyError, match="no mark 'x'; there are: response-start, finish"):
        record.at("x")
    assert json.loads(json.dumps(record.to_json()))["marks"][1][1] == "finish"


def test_a_record_is_a_snapshot() -> None:
    log = Log()
    entry = log.add("/", {}, None, 0.0)
    (before,) = log.requests()
    entry.mark("later")
    entry.disconnected()
    assert (before.marks, before.disconnected_at_s) == ((), None)
    assert log.requests()[0].disconnected_at_s is not None


def test_secrets_are_masked() -> None:
    log = Log()
    log.add("/", {"authorization": "Bearer sk-secret", "x-api-key": "secret", "cookie": "secret"}, None, 0.0)
    log.add("/", {"authorization": "Basic secret", "accept": "*/*"}, None, 0.0)
    first, second = log.requests()
    assert first.headers["authorization"] == "Bearer ********"
    assert second.headers == {"authorization": "********", "accept": "*/*"}
    assert "secret" not in str((first, second))


def test_waiting_ends_when_it_is_reached_or_the_time_is_over() -> None:
    log = Log()
    assert not log.wait_until(lambda records: len(records) == 1, 0.0)
    writer = threading.Timer(0.01, lambda: log.add("/", {}, None, 0.0).mark("done"))
    writer.start()
    assert log.wait_until(lambda records: any(mark.label == "done" for record in records for mark in record.marks), 5.0)
    writer.join()


def test_the_log_is_bounded_and_goes_on_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "MAX_REQUESTS", 2)
    log = Log()
    for _ in range(5):
        log.add("/", {}, None, 0.0)
    assert [record.number for record in log.requests()] == [3, 4]
