"""The provider as a process: prints its base URL, serves until it is told to stop.

    python -m millstream.testing.provider SCENARIO.json [--port N] [--key KEY]… [--model NAME]… [--no-check]

It stops at SIGTERM, SIGINT, or when its standard input is closed (a pipe or a terminal; `/dev/null` is ignored).
`GET /requests` at its root tells what it was asked and when it wrote what.
"""

from __future__ import annotations

import argparse
import os
import signal
import stat
import sys
import threading
from collections.abc import Sequence

from millstream.errors import UsageError
from millstream.testing.provider.reading import load_scenario
from millstream.testing.provider.server import FakeProvider

READ_BYTES = 4096


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve a scenario; the exit status: 0, or 2 for a command line or a scenario that is wrong."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda _number, _frame: stop.set())
    try:
        provider = FakeProvider(
            load_scenario(options.scenario),
            keys=options.key,
            models=options.model,
            check=options.check,
            port=options.port,
        )
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201  this is a command
        return 2
    with provider:
        print(provider.base_url, flush=True)  # noqa: T201  this is a command
        if _ends(sys.stdin.fileno()):
            threading.Thread(target=_wait_for_end, args=(sys.stdin.fileno(), stop), daemon=True).start()
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m millstream.testing.provider",
        description="A fake of OpenAI, Anthropic and others that plays a scenario; stops when its input is closed.",
    )
    parser.add_argument("scenario", help="a JSON file, as load_scenario reads it")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on; a free one by default")
    parser.add_argument("--key", action="append", help="a key that is let in (repeatable); any by default")
    parser.add_argument("--model", action="append", help="a model that there is (repeatable); any by default")
    parser.add_argument("--no-check", dest="check", action="store_false", help="do not check request bodies")
    return parser


def _ends(descriptor: int) -> bool:
    """Whether the end of this input means that whoever started the process is gone."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)


def _wait_for_end(descriptor: int, stop: threading.Event) -> None:
    while os.read(descriptor, READ_BYTES):
        pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
