"""Wire events -> events: which text belongs to which call, what each call's life allows, which may start now. Pure."""

__all__ = ()
