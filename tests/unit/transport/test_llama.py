"""GGUF files: what is told where the file or the package is missing. The server itself is in tests/real."""

from __future__ import annotations

from pathlib import Path

import pytest

from millstream import Agent, Model, ModelError
from millstream.transport import llama
from millstream.transport.http import HttpTransport
from millstream.transport.llama import LlamaTransport
from millstream.transport.seam import Request


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is there, beside a package that need not be."""
    monkeypatch.setattr(llama, "find_spec", {"xllamacpp": "found"}.get)
    (tmp_path / "tiny.gguf").write_bytes(b"")
    return tmp_path / "tiny.gguf"


def test_a_path_runs_the_file_and_a_name_asks_a_server(file: Path) -> None:
    model = Model(f"llama:{file}")
    assert isinstance(model.transport(), LlamaTransport)
    assert model.transport() is not model.transport()
    assert isinstance(Model("llama:qwen3").transport(), HttpTransport)
    assert isinstance(Model(f"llama:{file}", base_url="http://127.0.0.1:8080/v1").transport(), HttpTransport)


def test_no_such_file_is_told_where_it_is_named() -> None:
    with pytest.raises(ModelError, match=r"there is no file /nowhere/tiny\.gguf"):
        Agent("llama:/nowhere/tiny.gguf")


def test_without_its_package(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama, "find_spec", {"xllamacpp": None}.get)
    with pytest.raises(ModelError, match=r"pip install 'millstream\[llama\]'"):
        Model(f"llama:{file}")


@pytest.mark.anyio
async def test_it_must_be_entered(file: Path) -> None:
    with pytest.raises(RuntimeError, match="not entered"):
        async with LlamaTransport(file).open(Request("http://127.0.0.1:8080/v1", {})):
            pass
