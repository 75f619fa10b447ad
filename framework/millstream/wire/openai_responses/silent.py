"""Which events of the Responses wire say nothing that others do not say: they pass without a trace.

`keepalive` is in no SDK and uses up a `sequence_number`; OpenRouter and vLLM have events of their own among them.
"""

from __future__ import annotations

from typing import Final

SILENT: Final = frozenset(
    (
        "keepalive",
        "response.keep_alive",
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.content_part.added",
        "response.content_part.done",
        "response.reasoning_part.added",
        "response.reasoning_part.done",
        "response.reasoning_summary_part.done",
    )
)
"""Their names."""
