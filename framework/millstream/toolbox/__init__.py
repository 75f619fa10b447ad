"""Functions -> tools: what a model is told of them and on what terms they run. Nothing is executed here."""

__all__ = ()
