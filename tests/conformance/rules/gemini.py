"""What Google demands of the history in a request."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final

from tests.conformance.rules.common import Item, nulls

_GEMINI_NAME: Final = re.compile("[A-Za-z_][A-Za-z0-9_.:-]{0,127}")


def wrong_in_contents(contents: list[Item]) -> list[str]:
    """The contents of a Gemini request."""
    wrong: list[str] = []
    owed: list[Item] = []
    nothing: Item = {"role": "", "parts": []}
    for before, content in pairwise([nothing, *contents]):
        parts: list[Item] = content["parts"]
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        answers = [part["functionResponse"] for part in parts if "functionResponse" in part]
        if content["role"] not in ("user", "model") or not parts:
            wrong.append(f"a content of {content['role']} with {len(parts)} parts")
        if (calls and content["role"] != "model") or (answers and content["role"] != "user"):
            wrong.append("calls that are not the model's, or answers that are not the user's")
        if calls and before["role"] == "model":
            wrong.append("calls that follow neither the user nor answers")
        if [_called(one) for one in answers] != [_called(one) for one in owed] or (
            answers and len(answers) != len(parts)
        ):
            wrong.append(f"answers {answers} to the calls {owed}")
        wrong += [f"an answer without output or error: {one}" for one in answers if not _says_one_thing(one)]
        wrong += [f"a call that is none: {one}" for one in calls if not _is_gemini_call(one)]
        wrong += [f"a part of two kinds, or none: {part}" for part in parts if len(part.keys() - _BESIDE) != 1]
        owed = calls
    ids = [part["functionCall"].get("id") for one in contents for part in one["parts"] if "functionCall" in part]
    given = [id_ for id_ in ids if id_ is not None]
    wrong += [f"ids that are not unique: {given}"] if len(set(given)) != len(given) else []
    return wrong + ([f"calls without an answer at the end: {owed}"] if owed else [])


def wrong_in_steps(steps: list[Item]) -> list[str]:
    """The steps of an Interactions request with `store: false`."""
    wrong = nulls(steps)
    owed: list[tuple[Any, Any]] = []
    signed = False  # whether a thought was signed in this turn of the model
    for step in steps:
        match step["type"]:
            case "function_call":
                wrong += [] if signed else [f"a call of {step['name']} that nobody signed"]
                wrong += (
                    [] if _is_gemini_call({**step, "args": step["arguments"]}) else [f"a call that is none: {step}"]
                )
                owed.append((step["id"], step["name"]))
            case "function_result":
                its = (step["call_id"], step["name"])
                wrong += [] if owed and owed.pop(0) == its else [f"an answer to {its}, which was not the next owed"]
                wrong += [] if isinstance(step["result"], str | list) else [f"a result of {its} that is none"]
            case type_:
                wrong += (
                    [f"calls without an answer before the next {type_}: {owed}"]
                    if type_ == "user_input" and owed
                    else []
                )
                signed = type_ != "user_input" and (signed or bool(step.get("signature")))
                if type_ in ("user_input", "model_output") and not step.get("content"):
                    wrong.append(f"a {type_} that says nothing")
    ids = [step["id"] for step in steps if step["type"] == "function_call"]
    wrong += [f"ids that are not unique: {ids}"] if len(set(ids)) != len(ids) or not all(ids) else []
    return wrong + ([f"calls without an answer at the end: {owed}"] if owed else [])


_BESIDE: Final = {"thought", "thoughtSignature"}


def _called(one: Item) -> tuple[Any, Any]:
    return one["name"], one.get("id")


def _says_one_thing(answer: Item) -> bool:
    return list(answer["response"]) in (["output"], ["error"])


def _is_gemini_call(call: Item) -> bool:
    return _GEMINI_NAME.fullmatch(call["name"]) is not None and isinstance(call["args"], dict)
