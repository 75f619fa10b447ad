"""Streaming tool-call orchestration: your tools start while the model is still writing."""

__all__ = ()
