"""Every cap and deadline of a run, with the reason beside it. This is the only place where one is set."""

from __future__ import annotations

import os
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
    max_output_retries: int = 2
    """How often a model may correct an output that is not valid: what three tries do not give, more seldom do."""
    max_result_chars: int = 64 * 1024
    """The model's copy of a result; a longer one keeps head and tail, with a mark between."""
    max_media_bytes: int = 5 * 1024 * 1024
    """Images and files in one result, decoded: the strictest provider takes one of this size, each request from then
    on carries all of them again, and more make an error of the result."""
    max_media_parts: int = 16
    """Images and files in one result: each is a block of the request, of which providers take so many."""
    max_agent_depth: int = 8
    """Sub-agents within sub-agents, those of the run itself being the first: an agent that reaches itself stops."""
    max_concurrent_tools: int = 32
    """Tools of one run at work at the same time; the rest wait in call order."""
    max_threads: int = 64
    """Synchronous tools at work in this event loop, all runs together; the largest value any run asked for holds."""
    tool_timeout_s: float = 300.0
    """One attempt of a tool without a `timeout_s` of its own; waiting for its turn or for approval does not count."""
    max_processes: int = os.cpu_count() or 1
    """Tools with `executor="process"` at work in this event loop: more than there are processors would only wait."""
    max_process_message_bytes: int = 64 * 1024 * 1024
    """What such a tool returns, yields or says in one piece, which both processes hold in memory."""
    process_start_timeout_s: float = 30.0
    """For a child process to start and import the module of its tool; the tool's own time counts from then on."""
    process_idle_s: float = 60.0
    """What a child process waits for its next call before it ends: the next one need not start another."""
    cancel_grace_s: float = 5.0
    """What a cancelled tool has to end; then it is left to go on by itself, and what it returns is dropped."""
    max_buffered_chars: int = 1024 * 1024
    """Text of events the consumer has not taken yet; beyond it the model's stream is not read further, generators wait
    with their next value (their time runs on), and of progress only the newest is kept."""
    progress_interval_s: float = 0.05
    """Between two progress events of a call, the newest of what it said: 20 a second are a smooth bar; 0 for all."""
    max_log_lines: int = 1000
    """Lines a tool may log in an attempt; of more the last few are kept, with a mark that counts those left out."""
    max_log_line_chars: int = 4096
    """One log line, or the message of a progress: a long traceback fits; head and tail are kept of a longer one."""
    journal_timeout_s: float = 30.0
    """For the journal to keep what happened: a run does not go on without, and does not end without its last record."""
    instructions_timeout_s: float = 30.0
    """For instructions that are a function: a look into a database fits, and no request waits for ever."""
    guard_timeout_s: float = 30.0
    """For one answer of a guard, a model that judges included; a guard that says nothing lets nothing pass."""

    max_state_chars: int = 64 * 1024 * 1024
    """The text of a suspended run, the same for all: a long conversation with images fits, not a full memory."""

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
