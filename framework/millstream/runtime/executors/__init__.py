"""Where the bodies of tools run and how they are stopped: on the event loop, in threads, in processes, elsewhere."""

__all__ = ()
