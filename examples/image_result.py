"""A tool draws a chart and returns it with a sentence: the next request carries the image, and the log shows it.

python examples/image_result.py            offline; MediaPart.of_path("chart.png") does the same with a file
"""

import struct
import zlib

import anyio

from millstream import Agent, MediaPart, tool
from millstream.events import CallReturned
from millstream.testing import ScriptedModel, call


def png(rows: list[list[tuple[int, int, int]]]) -> bytes:
    """A PNG of these rows of red, green and blue, with nothing but the standard library."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    pixels = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in rows)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


@tool(read_only=True)
def bar_chart(values: list[int]) -> list[str | MediaPart]:
    """Draw a bar chart."""
    blue, white = (40, 90, 200), (255, 255, 255)
    rows = [[blue if value > height else white for value in values] for height in reversed(range(max(values)))]
    return [
        f"{len(values)} bars, the highest is {max(values)}:",
        MediaPart.of_bytes(png(rows), "image/png", "bars.png"),
    ]


async def main() -> None:
    model = ScriptedModel([[call("bar_chart", values=[3, 1, 4, 1, 5])], "The last bar is the highest."])
    async with Agent(model, tools=[bar_chart]).stream("Draw 3, 1, 4, 1, 5. Which bar is the highest?") as run:
        async for event in run:
            if isinstance(event, CallReturned):
                for place in event.media:
                    image = event.result[place]
                    print(f"the log holds {image['media_type']} {image['name']}, {len(image['base64'])} characters")
    text, image = model.requests[1]["input"][-1]["output"]
    print(f"the model reads: {text['text']}")
    print(f"and sees: {image['type']} {image['image_url'][:30]}…")
    print(run.text)


if __name__ == "__main__":
    anyio.run(main)
