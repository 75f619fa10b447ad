"""What the README says is so: its code runs, its links lead somewhere, its make targets exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
GIVEN = "from millstream import *\nfrom millstream.testing import ScriptedModel, call\n"
CITIES = '[[Say("Let me look. "), call("weather", city="Paris"), call("weather", city="Rome")], "A light jacket."]'


def run(code: str) -> str:
    """What a program prints that ends well and without a warning."""
    environment = {**os.environ, "MILLSTREAM_OFFLINE": "1", "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_first_example_runs() -> None:
    model = 'Agent("openai:gpt-5.1"'
    assert model in BLOCKS[0]
    code = f"from millstream.testing import Say, ScriptedModel, call\n{BLOCKS[0]}"
    said = run(code.replace(model, f"Agent(ScriptedModel({CITIES})"))
    assert said.startswith("Let me look. ")
    assert said.count("▶ weather started while the model is still writing") == 2
    assert "✓ weather: 21 °C and clear in Rome" in said
    assert "A light jacket." in said


def test_the_tool_that_reads_while_it_is_written_is_one(tmp_path: Path) -> None:
    assert "text: ArgStream[str]" in BLOCKS[1]
    given = f"import os\nfrom pathlib import Path\n{GIVEN}"
    play = (
        f"os.chdir({str(tmp_path)!r})\n"
        "model = ScriptedModel([[call('write_file', name='a.txt', text='Hello, mill')], 'Done.'])\n"
        "print(Agent(model, [write_file]).run_sync('Go.').output, Path('a.txt').read_text(), os.listdir())"
    )
    assert run(f"{given}{BLOCKS[1]}\n{play}") == "Done. Hello, mill ['a.txt']\n"


def test_the_agent_with_an_output_type_fills_it_in() -> None:
    model = 'Agent("openai:gpt-5.1"'
    assert model in BLOCKS[3]
    given = f"import anyio\nfrom pydantic import BaseModel\n{GIVEN}"
    answer = """ScriptedModel(['{"city":"Rome","days":3}'])"""
    said = run(f"{given}{BLOCKS[3].replace(model, f'Agent({answer}')}\nprint(repr(anyio.run(plan)))")
    assert said.splitlines()[-1] == "Trip(city='Rome', days=3)"


def test_the_tool_is_one() -> None:
    assert "def publish(title: str, ctx: ToolContext)" in BLOCKS[2]
    given = "from millstream import *\ndef upload(title, key): return title, key\n"
    said = run(f"{given}{BLOCKS[2]}\nprint(publish.name, publish.parameters['required'], publish.options.timeout_s)")
    assert said.split() == ["publish", "['title']", "20"]


def test_there_is_no_other_code() -> None:
    assert len(BLOCKS) == 4, "each block has its test here"


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_a_link_leads_somewhere(link: str) -> None:
    assert link.startswith("https://") or (ROOT / link).exists()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make ([a-z-]+)", README))))
def test_a_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
