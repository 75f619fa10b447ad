"""What the real provider accepts: its own rules, for request bodies, keys and models.

Pure and independent: nothing here imports millstream, so that a mistake in its wires can not hide in the rules they
are checked by. The words of a refusal are those of the real provider. `check_chat` and `check_responses` return a
`Refusal`, or None for a body that the provider accepts.
"""

from millstream.testing.provider.rules.access import check_key, check_model, unknown_method, unknown_url
from millstream.testing.provider.rules.chat import check_chat
from millstream.testing.provider.rules.refusal import Refusal, not_json
from millstream.testing.provider.rules.responses import Stored, check_responses

__all__ = [
    "Refusal",
    "Stored",
    "check_chat",
    "check_key",
    "check_model",
    "check_responses",
    "not_json",
    "unknown_method",
    "unknown_url",
]
