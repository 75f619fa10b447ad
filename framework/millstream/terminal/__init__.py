"""The work of a run, live in a terminal, or as plain lines where there is none.

`show` draws what it is given and knows nothing but records: not the agent, not the model, not the tools. The live view
needs rich (`pip install "millstream[cli]"`), which is imported when it is first drawn; plain lines need nothing.

Where each thing lives: `lines` the plain lines · `frame` one picture of the live view, a pure function, made of `row`s
with a `waterfall` column, `fit`ted to cells · `summary` the sentences of both views · `live` the region of the terminal
that is drawn to · `show` the choice and the ticker, with its `clock`.
"""

from millstream.terminal.show import show

__all__ = ("show",)
