"""Function declarations, their schemas, and the calling mode, as Gemini takes them."""

from __future__ import annotations

import re
from typing import Final

from millstream.testing.provider.rules.checks import Checks, Place, bracketed
from millstream.testing.provider.rules.refusal import refuse
from millstream.testing.provider.rules.shapes import Json, Object, is_object

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
TOOL_FIELDS: Final = frozenset(
    (
        *("functionDeclarations", "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext"),
        *("computerUse", "fileSearch", "googleMaps", "mcpServers", "enterpriseWebSearch", "retrieval"),
        *("parallelAiSearch", "exaAiSearch"),
    )
)
DECLARATION_FIELDS: Final = frozenset(
    (
        *("name", "description", "parameters", "parametersJsonSchema"),
        *("response", "responseJsonSchema", "behavior"),
    )
)
SCHEMA_FIELDS: Final = frozenset(
    (
        *("type", "format", "title", "description", "nullable", "enum", "items", "maxItems", "minItems", "properties"),
        *("required", "minProperties", "maxProperties", "minimum", "maximum", "minLength", "maxLength", "pattern"),
        *("example", "anyOf", "propertyOrdering", "default"),
    )
)
TYPES: Final = frozenset(("STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL", "TYPE_UNSPECIFIED"))
FORMATS: Final = {"STRING": ("enum", "date-time"), "NUMBER": ("float", "double"), "INTEGER": ("int32", "int64")}
MODES: Final = ("AUTO", "ANY", "NONE", "VALIDATED", "MODE_UNSPECIFIED")
LIMITING_MODES: Final = ("ANY", "VALIDATED")


def camel_keys(holder: Object) -> dict[str, Json]:
    """The object with the names that its fields have in JSON; the reader takes those of the protocol as well."""
    return {re.sub(r"_([a-z])", lambda found: found[1].upper(), key): value for key, value in holder.items()}


def check_tools(body: Object, checks: Checks) -> None:
    """`tools` and `toolConfig` of a body, in the words of `checks`."""
    names: set[str] = set()
    for tool, place in checks.objects(body.get("tools", []), ("tools",)):
        holder = camel_keys(tool)
        checks.known(holder, TOOL_FIELDS, place)
        here = (*place, "function_declarations")
        for declaration, at in checks.objects(holder.get("functionDeclarations", []), here):
            name = _check_declaration(camel_keys(declaration), at, checks)
            if name in names:
                refuse(f"Duplicate function declaration found: {name}")
            names.add(name)
    if "toolConfig" in body:
        config = camel_keys(checks.an_object(body["toolConfig"], ("tool_config",)))
        fields = ("functionCallingConfig", "retrievalConfig", "includeServerSideToolInvocations")
        checks.known(config, fields, ("tool_config",))
        if "functionCallingConfig" in config:
            _check_mode(config["functionCallingConfig"], names, checks)


def _check_mode(value: Json, names: set[str], checks: Checks) -> None:
    place = ("tool_config", "function_calling_config")
    config = camel_keys(checks.an_object(value, place))
    checks.known(config, ("mode", "allowedFunctionNames", "streamFunctionCallArguments"), place)
    mode = checks.one_of(config.get("mode", "AUTO"), MODES, (*place, "mode"))
    if mode in LIMITING_MODES and not names:
        refuse("Function calling config is set without function_declarations.")
    allowed = checks.an_array(config.get("allowedFunctionNames", []), (*place, "allowed_function_names"))
    if allowed and mode not in LIMITING_MODES:
        refuse("allowed_function_names should only be set when mode is ANY or VALIDATED.")
    for at, name in enumerate(allowed):
        if checks.a_string(name, (*place, "allowed_function_names", at)) not in names:
            refuse(f"* GenerateContentRequest.{bracketed(place)}.allowed_function_names[{at}]: no such declaration")


def _check_declaration(declaration: Object, place: Place, checks: Checks) -> str:
    checks.known(declaration, DECLARATION_FIELDS, place)
    name = checks.a_string(declaration.get("name", ""), (*place, "name"))
    if not NAME.fullmatch(name):
        refuse(
            f"Invalid value at '{bracketed(place)}.name': must start with a letter or an underscore. Must be "
            "alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length "
            "of 128."
        )
    if "description" in declaration:
        checks.a_string(declaration["description"], (*place, "description"))
    if "parameters" in declaration and "parametersJsonSchema" in declaration:
        refuse(
            f"* GenerateContentRequest.{bracketed(place)}: parameters and parameters_json_schema are mutually exclusive"
        )
    if "parametersJsonSchema" in declaration:
        checks.an_object(declaration["parametersJsonSchema"], (*place, "parameters_json_schema"))
    elif "parameters" in declaration:
        _check_schema(declaration["parameters"], (*place, "parameters"), checks)
    return name


def _check_schema(value: Json, place: Place, checks: Checks) -> None:
    """The part of OpenAPI that there is; types have upper-case names, lower-case ones are taken too."""
    schema = camel_keys(checks.an_object(value, place))
    checks.known(schema, SCHEMA_FIELDS, place)
    kind = checks.a_string(schema.get("type", "TYPE_UNSPECIFIED"), (*place, "type")).upper()
    if kind not in TYPES:
        checks.wrong_type((*place, "type"), "type.googleapis.com/google.ai.generativelanguage.v1beta.Type", kind)
    told = f"* GenerateContentRequest.{bracketed(place)}"
    if "enum" in schema and kind != "STRING":
        refuse(f"{told}.enum: only allowed for STRING type")
    formats = FORMATS.get(kind, ())
    if "format" in schema and schema["format"] not in formats:
        listed = " and ".join(f"'{name}'" for name in formats) or "none"
        refuse(f"{told}.format: only {listed} are supported for {kind} type")
    if kind == "ARRAY" and "items" not in schema:
        refuse(f"{told}.items: missing field.")
    properties = checks.an_object(schema.get("properties", {}), (*place, "properties"))
    for at, name in enumerate(checks.an_array(schema.get("required", []), (*place, "required"))):
        if checks.a_string(name, (*place, "required", at)) not in properties:
            refuse(f"{told}.required[{at}]: property is not defined")
    for name, part in properties.items():
        _check_schema(part, (*place, "properties", name), checks)
    if is_object(schema.get("items")):
        _check_schema(schema["items"], (*place, "items"), checks)
    for part, here in checks.objects(schema.get("anyOf", []), (*place, "any_of")):
        _check_schema(part, here, checks)
