"""How functions and values cross to a child process and back: pickled, functions by module and name.

Both processes are the same program of the same person, so what comes from the other side is trusted. Both sides use
this file; it knows nothing of sockets, processes and event loops.
"""

from __future__ import annotations

import ast
import inspect
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module, util
from io import BytesIO
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from millstream.errors import UsageError
from millstream.toolbox.context import ToolContext
from millstream.toolbox.parameters import implementation
from millstream.toolbox.tool import Tool

_MAIN: Final = "__main__"
_MAIN_THERE: Final = "__mp_main__"
"""What the program's main file is named where it is imported again: as multiprocessing does it."""
_CONTEXT: Final = "context"


@dataclass(frozen=True, slots=True)
class MainFile:
    """The program's main file: the name to import it by, where it was run with `python -m`, and its path."""

    name: str | None
    path: str


def dumps(value: Any, context: ToolContext[Any] | None = None) -> bytes:
    """Pickle a value; wherever `context` stands in it, the other side puts its own.

    Raises:
        UsageError: a function in it can not be found by its name; the message says what to write instead.
        Exception: whatever pickle raises.
    """
    buffer = BytesIO()
    _Pickler(buffer, context).dump(value)
    return buffer.getvalue()


def loads(data: bytes, context: ToolContext[Any] | None = None, main: MainFile | None = None) -> Any:
    """The value; `main` is imported where something in it needs that."""
    return _Unpickler(data, context, main).load()


def main_file() -> MainFile | None:
    """The main file of this program, None in an interactive session."""
    main = sys.modules[_MAIN]
    spec = getattr(main, "__spec__", None)
    path = getattr(main, "__file__", None)
    if path is None or not Path(path).is_file():
        return None
    name = spec.name if spec is not None and spec.name != _MAIN_THERE else None
    return MainFile(name, str(Path(path).absolute()))


def globals_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The names of the module that a function is written in."""
    names: dict[str, Any] = getattr(inspect.unwrap(implementation(function)), "__globals__", {})
    return names


class _Pickler(pickle.Pickler):
    def __init__(self, buffer: BytesIO, context: ToolContext[Any] | None) -> None:
        super().__init__(buffer, pickle.HIGHEST_PROTOCOL)
        self._context = context

    def persistent_id(self, obj: Any) -> str | None:
        return _CONTEXT if obj is self._context and obj is not None else None

    def reducer_override(self, obj: Any) -> Any:
        if not isinstance(obj, FunctionType) or obj is _find:
            return NotImplemented
        check_found(obj)
        return _find, (obj.__module__, obj.__qualname__)


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, context: ToolContext[Any] | None, main: MainFile | None) -> None:
        super().__init__(BytesIO(data))
        self._context = context
        self._main = main

    def persistent_load(self, pid: Any) -> Any:
        assert pid == _CONTEXT, "nothing else is left out"
        return self._context

    def find_class(self, module: str, name: str) -> Any:
        if module in (_MAIN, _MAIN_THERE):
            return _named(_main_module(self._main), name)
        found = super().find_class(module, name)
        return self._find if found is _find else found

    def _find(self, module: str, name: str) -> Any:
        main = module in (_MAIN, _MAIN_THERE)
        return _written(_named(_main_module(self._main) if main else import_module(module), name))


def _find(module: str, name: str) -> Any:
    """Stands in a pickle for a function; whoever reads it finds the function by its own means."""
    raise AssertionError(f"{module}.{name} is found by the unpickler")


def _named(module: ModuleType, name: str) -> Any:
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _written(found: Any) -> Any:
    """The function that is written there, where a tool was made of it."""
    return found.function if isinstance(found, Tool) else found


def check_found(function: Callable[..., Any]) -> None:
    """Check that another process finds a function by its module and name.

    Raises:
        UsageError: it does not; the message says what to write instead.
    """
    module_name, name = function.__module__, function.__qualname__
    if name.endswith("<lambda>"):
        raise UsageError("a lambda has no name by which another process could find it: write a function in a module")
    if "<locals>" in name:
        message = f"{name}() is defined within a function, where another process can not find it: move it out of there"
        raise UsageError(message)
    if module_name == _MAIN:
        _check_main(name)
    try:
        found = _written(_named(sys.modules[module_name], name))
    except (KeyError, AttributeError):
        found = None
    if found is not function:
        message = f"another process looks for {name}() in {module_name}, where something else or nothing has that name"
        raise UsageError(f"{message}: keep the function there under its own name")


def _check_main(name: str) -> None:
    main = main_file()
    if main is None:
        message = f"{name}() is defined in an interactive session, which no other process can read"
        raise UsageError(f"{message}: write it into a file and import it")
    if not _is_guarded(main.path):
        raise UsageError(
            f"{name}() is defined in {Path(main.path).name}, which a child process has to import, and which would do "
            'everything again there: put what it does under if __name__ == "__main__":, or the function in another file'
        )


@cache
def _is_guarded(path: str) -> bool:
    """Whether some of what a file does depends on its being the main file."""
    tree = ast.parse(Path(path).read_bytes(), path)
    tests = [node.test for node in tree.body if isinstance(node, ast.If)]
    return any(isinstance(one, ast.Name) and one.id == "__name__" for test in tests for one in ast.walk(test))


def _main_module(main: MainFile | None) -> ModuleType:
    """The main file as a module: this program's own, or that of the program we are a child of, imported once."""
    if main is None:
        return sys.modules[_MAIN]
    module = sys.modules.get(_MAIN_THERE)
    if module is not None:
        return module
    spec = util.find_spec(main.name) if main.name is not None else util.spec_from_file_location(_MAIN_THERE, main.path)
    loader: Any = spec.loader if spec is not None else None
    if spec is None or loader is None:
        raise ImportError(f"the main file {main.path} can not be imported")
    module = util.module_from_spec(spec)
    module.__name__ = _MAIN_THERE
    sys.modules[_MAIN_THERE] = sys.modules[_MAIN] = module
    try:
        exec(loader.get_code(spec.name), vars(module))  # noqa: S102  the program's own main file
    except BaseException:
        del sys.modules[_MAIN_THERE]
        raise
    return module
