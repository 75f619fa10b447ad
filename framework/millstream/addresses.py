"""Where requests go: a base URL checked, the URL of one request, whose host it is. Text in, text out.

It must not know of keys, wires or transports. Azure has two forms of its own: the v1 API (`…/openai/v1`, the deployment
in the body) and, with a dated `api-version`, one path for each deployment.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from millstream.errors import ModelError

_VERSION_QUERY: Final = re.compile(r"api-version=([A-Za-z0-9.-]+)")
_DATED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BY_DEPLOYMENT: Final = frozenset({"/chat/completions"})  # the paths that Azure's dated API has below a deployment


def checked(base_url: str) -> str:
    """A base URL as it can be used, without a slash at its end.

    Raises:
        ModelError: it is none, or holds what may be secret.
    """
    authority = base_url.rpartition("//")[2].partition("/")[0]
    if "@" in authority or "?" in base_url:  # not shown: what stands there may be secret
        raise ModelError("the base URL holds a user, a password or a query: write https://host/v1, and pass headers=")
    if not _is_http(base_url):
        raise ModelError(f'the base URL "{base_url}" can not be used: write it as https://host/v1')
    return base_url.rstrip("/")


def checked_azure(base_url: str) -> str:
    """As `checked`, where the query may be `?api-version=…`, which stays."""
    address, mark, query = base_url.partition("?")
    if mark and not _VERSION_QUERY.fullmatch(query):
        raise ModelError(
            "the only query a base URL of Azure may have is ?api-version=…: pass anything else as headers="
        )
    return checked(address) + mark + query


def azure_url(base_url: str, path: str, deployment: str, version: str) -> str:
    """The URL of a request to Azure.

    Args:
        base_url: the resource (https://NAME.openai.azure.com), or any longer form of it that Azure's pages show, with
            `?api-version=…` or without.
        path: what the wire appends, "/chat/completions".
        deployment: the name of the model's deployment.
        version: the API version of the environment, "" for none; one in the base URL comes first.
    """
    address, _, query = base_url.partition("?")
    address = address.removesuffix(path)
    given = _VERSION_QUERY.fullmatch(query)
    if urlsplit(address).path not in ("", "/openai"):
        dated = not address.endswith("/v1")  # the environment's version is for the dated API
        return address + path + _version_query(given[1] if given else version if dated else "")
    version = given[1] if given else version
    resource = address.removesuffix("/openai") + "/openai"
    if not _DATED.match(version):
        return f"{resource}/v1{path}" + _version_query(version)
    below = f"/deployments/{quote(deployment, safe='')}" if path in _BY_DEPLOYMENT else ""
    return resource + below + path + _version_query(version)


def same_host(one: str, other: str) -> bool:
    """Whether two URLs lead to the same server: scheme, host and port."""
    return _origin(urlsplit(one)) == _origin(urlsplit(other))


def _version_query(version: str) -> str:
    return f"?api-version={quote(version)}" if version not in ("", "v1") else ""


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url
