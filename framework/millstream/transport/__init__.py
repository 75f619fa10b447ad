"""Bytes in and out: how a request reaches a provider."""

__all__ = ()
