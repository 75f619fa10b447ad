"""Which events of the Responses wire are about tools that the provider runs: they are shown, never dispatched."""

from __future__ import annotations

from typing import Final

_FAMILIES: Final = {
    "response.mcp_call_arguments.": "mcp_call",
    "response.mcp_call.": "mcp_call",
    "response.mcp_list_tools.": "mcp_list_tools",
    "response.web_search_call.": "web_search_call",
    "response.file_search_call.": "file_search_call",
    "response.code_interpreter_call_code.": "code_interpreter_call",
    "response.code_interpreter_call.": "code_interpreter_call",
    "response.image_generation_call.": "image_generation_call",
    "response.shell_call_command.": "shell_call",
    "response.shell_call_output_content.": "shell_call_output",
    "response.apply_patch_call_operation_diff.": "apply_patch_call",
    "response.compaction.": "compaction",
}


def server_tool_of(event_type: str) -> tuple[str, str] | None:
    """The item type and the status of a server tool's event, None for any other event.

    `response.web_search_call.searching` is ("web_search_call", "searching"); the growing content of a call, such as
    `response.code_interpreter_call_code.delta`, is ("code_interpreter_call", "code.delta").
    """
    for prefix, item_type in _FAMILIES.items():
        if event_type.startswith(prefix):
            return item_type, event_type.removeprefix(f"response.{item_type}").lstrip("._")
    return None
