"""Every cap and deadline of a run, with the reason beside it. This is the only place where one is set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use. Each bound ends in a typed error or in a failed call, never in a hang or a full memory.

    Sizes of text count characters, sizes of data bytes, times seconds. Pass one to `Agent(limits=…)` with the fields
    that should differ: `Limits(max_turns=8)`.
    """

    # --- what a provider may send ---
    max_message_bytes: int = 16 * 1024 * 1024
    """One server-sent event or message: an encrypted reasoning item or an image fits, a runaway line does not."""
    max_args_chars: int = 4 * 1024 * 1024
    """Argument text of one call: a large file fits; a model that never stops writing does not."""
    max_depth: int = 128
    """Nesting of arguments: far above any real schema, far below what recursion in a tool would survive."""
    max_number_digits: int = 400
    """Characters of one number: a double needs 325; turning huge ones into an int is quadratic."""
    max_calls_per_turn: int = 64
    """Calls in one response: each is a task and an entry of the next request."""

    # --- what a run may do ---
    max_turns: int = 32
    """Responses in one run: a model that calls tools for ever is stopped, with its transcript."""
    max_result_chars: int = 64 * 1024
    """The model's copy of a result; a longer one keeps head and tail, with a mark between."""
    max_concurrent_tools: int = 32
    """Tools of one run at work at the same time; the rest wait in call order."""
    max_threads: int = 64
    """Synchronous tools at work in this event loop, all runs together; the largest value any run asked for holds."""
    tool_timeout_s: float = 300.0
    """One attempt of a tool without a `timeout_s` of its own; waiting for its turn or for approval does not count."""
    cancel_grace_s: float = 5.0
    """What a cancelled tool in a thread has to end; then its thread is left alone, and what it returns is dropped."""
    max_buffered_chars: int = 1024 * 1024
    """Text of events the consumer has not taken yet; beyond it the model's stream is not read further."""
    journal_timeout_s: float = 30.0
    """For the journal to keep what happened: a run does not go on without, and does not end without its last record."""
    instructions_timeout_s: float = 30.0
    """For instructions that are a function: a look into a database fits, and no request waits for ever."""
    guard_timeout_s: float = 30.0
    """For one answer of a guard, a model that judges included; a guard that says nothing lets nothing pass."""

    # --- how long to wait for a provider ---
    connect_timeout_s: float = 10.0
    """Opening a connection."""
    first_byte_timeout_s: float = 600.0
    """From the request to the first byte of the answer: reasoning models may be silent for minutes."""
    idle_timeout_s: float = 60.0
    """Between two pieces of a response; a provider's pings count as pieces."""
    progress_timeout_s: float = 600.0
    """Without anything that moves the response on; pings are bytes, not progress."""
    trailer_timeout_s: float = 5.0
    """For the token counts that follow a finished response; without them the turn ends all the same."""
    drain_timeout_s: float = 0.1
    """For the end of the body behind a complete response: only with it can the connection be used again."""
    request_attempts: int = 4
    """How often one request is sent while nothing of an answer was shown (429, 5xx, no connection)."""
    max_retry_wait_s: float = 60.0
    """The longest pause before another attempt; a provider that asks for more ends the run at once."""
