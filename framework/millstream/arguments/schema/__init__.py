"""JSON Schema as a set of questions that can be asked while a document arrives."""

__all__ = ()
