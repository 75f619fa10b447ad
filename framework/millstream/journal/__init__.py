"""What happened, appended before it counts. Never code that is replayed."""

__all__ = ()
