"""One provider format a file: request out, bytes or messages in. Nothing here waits or knows a socket."""

__all__ = ()
