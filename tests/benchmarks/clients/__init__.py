"""One program a framework: each has the same conversation, in its framework's usual way and its own environment."""
