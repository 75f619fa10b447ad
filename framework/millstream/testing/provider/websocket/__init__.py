"""The provider's WebSocket: `ws://…/v1/responses`, with the rules, the lanes and the memory of the real one."""

__all__ = ()
