"""Arguments checked while they arrive, on their own: no model, no agent, no network.

python examples/arguments_alone.py

A model's text comes in pieces. A title is shown as it is written, an argument is told of as soon as it is final, and a
mistake is found at its first certain character, long before the text is over.
"""

from collections.abc import Iterator

from millstream.arguments import Assembler, Partial, Rejected, Sealed, Settled, StringDelta, compile_schema
from millstream.failures import explain

SCHEMA = compile_schema(
    {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 40},
            "priority": {"enum": ["low", "high"]},
            "lines": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"sku": {"type": "string"}, "count": {"type": "integer", "minimum": 1}},
                    "required": ["sku", "count"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["title", "lines"],
        "additionalProperties": False,
    }
)
GOOD = '{"title": "Bolts for the mill", "priority": "high", "lines": [{"sku": "M8", "count": 200}]}'
BAD = '{"title": "Nuts", "lines": [{"sku": "M8", "count": 0}, {"sku": "M10", "count": 50}, {"sku": "M12", "count": 9}]}'


def pieces(text: str, chars: int = 5) -> Iterator[str]:
    """The text as a model's deltas bring it."""
    return (text[at : at + chars] for at in range(0, len(text), chars))


def follow(text: str) -> None:
    assembler = Assembler(SCHEMA, strings=True)
    for piece in pieces(text):
        for event in assembler.feed(piece):
            match event:
                case StringDelta(path=("title",), text=more):
                    print(f"  title grows by {more!r}")
                case Settled(path=path, value=value):
                    print(f"  final: {path[0]} = {value}")
                case Rejected(at=at):
                    print(f"  rejected at character {at} of {len(text)}; the model is told:")
                    print("   ", explain(event, "order").replace("\n", "\n    "))
                    return
                case _:
                    pass
        lines = Partial(assembler.partial, assembler.open_path)
        if "lines" in lines and 0 in lines["lines"] and not lines["lines"][0].final:
            print(f"  first line so far: {lines['lines'][0].value}")
    outcome = assembler.close()
    assert isinstance(outcome, Sealed)
    print(f"  sealed: {outcome.value}")


if __name__ == "__main__":
    print("a good order")
    follow(GOOD)
    print("a bad one")
    follow(BAD)
