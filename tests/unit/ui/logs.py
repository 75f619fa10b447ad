"""Logs of runs, written by hand: what the tests of the views feed on.

`Log` stamps and numbers events and remembers each call, so that a test reads like the run it tells of. `trip()` is a
whole run of two turns and six calls in which everything that a view has to show happens once.
"""

from __future__ import annotations

from millstream.events import (
    ApprovalRequested,
    ApprovalResolved,
    ArgsDelta,
    ArgSettled,
    Call,
    CallFailed,
    CallLogged,
    CallOpened,
    CallProgress,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallSealed,
    CallStarted,
    Event,
    Failure,
    JsonObject,
    JsonValue,
    Problem,
    Raised,
    ReasoningDelta,
    Record,
    Rejected,
    RunFinished,
    RunStarted,
    StartState,
    TextDelta,
    TimedOut,
    TurnEnded,
    TurnStarted,
    Usage,
)


class Log:
    """Records in order. Each method adds what happened at `at_s`, in seconds from the start of the run."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._calls: dict[str, Call] = {}

    def add(self, at_s: float, *events: Event, scope: tuple[str, ...] = ()) -> None:
        for event in events:
            self.records.append(Record(len(self.records) + 1, at_s, event, scope))

    def start(self, model: str = "openai:gpt-5", at_s: float = 0.0) -> None:
        self.add(at_s, RunStarted("run_1", model, "plan a trip", 1_790_000_000.0))

    def open(self, at_s: float, name: str, *, turn: int = 1, index: int | None = None, call_id: str = "") -> Call:
        position = sum(call.turn == turn for call in self._calls.values()) if index is None else index
        call = Call(call_id or name, turn, position, name, f"call_{name}")
        self._calls[call.id] = call
        self.add(at_s, CallOpened(call))
        return call

    def args(self, call: Call, at_s: float, text: str, settled: JsonObject | None = None) -> None:
        self.add(at_s, ArgsDelta(call, text), *(ArgSettled(call, (name,), v) for name, v in (settled or {}).items()))

    def seal(self, call: Call, at_s: float, args: JsonValue = None) -> None:
        self.add(at_s, CallSealed(call, {} if args is None else args))

    def run(self, call: Call, at_s: float, attempt: int = 1, state: StartState = "eager") -> None:
        self.add(at_s, CallStarted(call, attempt, state, "sha256:00"))

    def give(self, call: Call, at_s: float, result: JsonValue = None) -> None:
        self.add(at_s, CallReturned(call, result))

    def fail(self, call: Call, at_s: float, failure: Failure) -> None:
        self.add(at_s, CallFailed(call, failure))

    def whole(self, name: str, *, opened: float, started: float, ended: float, turn: int = 1) -> Call:
        """A call that is sealed when it starts and returns."""
        call = self.open(opened, name, turn=turn)
        self.seal(call, started)
        self.run(call, started)
        self.give(call, ended, "ok")
        return call

    def sorted(self) -> list[Record]:
        """The records in the order of their times, numbered again: for logs that were written call by call."""
        ordered = sorted(self.records, key=lambda record: record.at_s)
        return [Record(seq, record.at_s, record.event, record.scope) for seq, record in enumerate(ordered, 1)]


def trip() -> list[Record]:
    """A run of 5.72 s: two turns, six calls; progress, a retry, an approval, a rejection, a time-out, overlap.

    Turn 1 is written from 0.35 to 3.50 s. `weather` runs from 0.81 to 1.62, `search_flights` from 1.20 to 4.40 s: both
    start while the model writes. `exchange_rate` needs two attempts, `convert` is rejected while its arguments arrive,
    `book_hotel` asks a person and waits for the end of the response, `save_itinerary` runs out of time. Turn 2 answers.
    """
    log = Log()
    log.start()
    log.add(0.02, TurnStarted(1))
    log.add(0.35, ReasoningDelta("Weather and flights are independent, so both can start now.", 1, 0))
    log.add(0.50, TextDelta("I look up the weather and flights, ", 1, 1))
    log.add(0.60, TextDelta("and what a hotel costs.\n", 1, 1))
    _weather_and_flights(log)
    _money(log)
    _bookings(log)
    log.add(3.50, TurnEnded(1, "tool_calls", Usage(1204, 187)))
    answers = ("weather", "search_flights", "exchange_rate", "convert", "book_hotel", "save_itinerary")
    log.add(4.45, TurnStarted(2, answers))
    log.add(4.90, TextDelta("It is 21 °C and clear in Paris. ", 2, 0))
    log.add(5.10, TextDelta("Transavia flies for €74,\nand the hotel is booked. ", 2, 0))
    log.add(5.40, TextDelta("The plan is not saved: that took too long.", 2, 0))
    log.add(5.70, TurnEnded(2, "stop", Usage(1804, 124)))
    log.add(5.72, RunFinished(ANSWER, Usage(3008, 311)))
    return log.sorted()


ANSWER = (
    "It is 21 °C and clear in Paris. Transavia flies for €74,\n"
    "and the hotel is booked. The plan is not saved: that took too long."
)


def _weather_and_flights(log: Log) -> None:
    weather = log.open(0.62, "weather")
    log.args(weather, 0.70, '{"city": "Par')
    log.args(weather, 0.80, 'is"}', {"city": "Paris"})
    log.seal(weather, 0.81, {"city": "Paris"})
    log.run(weather, 0.81)
    log.give(weather, 1.62, {"summary": "21 °C, clear", "humidity": 0.41})

    flights = log.open(0.90, "search_flights")
    log.args(flights, 1.00, '{"from": "BER", ', {"from": "BER"})
    log.args(flights, 1.15, '"to": "CDG"}', {"to": "CDG"})
    log.seal(flights, 1.20, {"from": "BER", "to": "CDG"})
    log.run(flights, 1.20)
    for step in range(1, 15):
        log.add(round(1.20 + 0.2 * step, 2), CallProgress(flights, step, 14, f"checking carrier {step} of 14"))
    log.add(2.50, CallLogged(flights, "6 offers so far · best €74 (Transavia, 12 Jul)"))
    log.give(flights, 4.40, [{"carrier": "Transavia", "price_eur": 74}, {"carrier": "Vueling", "price_eur": 81}])


def _money(log: Log) -> None:
    rates = log.open(1.30, "exchange_rate")
    log.args(rates, 1.40, '{"pair": "EURUSD"}', {"pair": "EURUSD"})
    log.seal(rates, 1.45, {"pair": "EURUSD"})
    log.run(rates, 1.45)
    log.add(2.25, CallRetrying(rates, 1, 0.4, Raised("ConnectionError", "api.rates answered nothing")))
    log.run(rates, 2.65, 2)
    log.give(rates, 3.10, 1.0842)

    convert = log.open(1.60, "convert")
    log.args(convert, 1.75, '{"amount": "tw')
    log.fail(convert, 1.76, Rejected((Problem("/amount", "a number was expected, not a string", "type", 11),), 11))


def _bookings(log: Log) -> None:
    hotel = log.open(1.90, "book_hotel")
    booking: JsonObject = {"hotel": "Jeanne d'Arc", "price_eur": 312}
    log.args(hotel, 2.20, '{"hotel": "Jeanne d\'Arc", "price_eur": 312}', booking)
    log.seal(hotel, 2.25, booking)
    log.add(2.26, ApprovalRequested(hotel, booking, "sha256:01"))
    log.add(3.00, ApprovalResolved(hotel, "approved", "sha256:01"))
    log.add(3.00, CallQueued(hotel, "the end of the response"))
    log.run(hotel, 3.55, state="end")
    log.give(hotel, 4.05, "booked, reference 7F2K")

    save = log.open(2.30, "save_itinerary")
    log.args(save, 2.50, '{"title": "Paris in July", ', {"title": "Paris in July"})
    log.args(save, 2.90, '"days": [{"day": 1, "plan": "Marais, Pompidou"}, ')
    log.args(save, 3.30, '{"day": 2, "plan": "Orsay, Montmartre"}]}', {"days": []})
    log.seal(save, 3.32, {"title": "Paris in July", "days": [{"day": 1, "plan": "Marais, Pompidou"}]})
    log.run(save, 3.32)
    log.fail(save, 3.82, TimedOut(0.5))
