"""Signatures of reasoning that can be checked: each says what it was made for.

The real ones are secrets of their providers. Those of the fake provider are a digest of what they sign, so that its
rules notice what was changed; any other is taken as it is, since it may come from a real provider.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

_MARK = b"fake signature of "


def signature_of(text: str) -> str:
    """The signature of a text, in base64 as all providers write theirs."""
    return base64.b64encode(_digest(text)).decode()


def is_forged(signature: str, text: str) -> bool:
    """Whether a signature is the fake provider's own, and of another text."""
    try:
        made = base64.b64decode(signature.translate({ord("-"): "+", ord("_"): "/"}), validate=True)
    except (binascii.Error, ValueError):
        return False
    return made.startswith(_MARK) and made != _digest(text)


def _digest(text: str) -> bytes:
    return _MARK + hashlib.sha256(text.encode(errors="surrogatepass")).digest()
