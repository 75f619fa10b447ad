"""Everything that waits: runs, the tasks of tools, the reading of responses."""

__all__ = ()
