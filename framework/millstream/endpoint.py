"""Where the requests to one model go, and what shows that they may: the base URL, the key, a signature.

The key in the environment belongs to the provider's own host and is sent to no other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from millstream.addresses import azure_url, checked, checked_azure, same_host
from millstream.errors import ModelError
from millstream.providers import Provider
from millstream.transport.seam import Signer
from millstream.transport.sigv4 import AwsCredentials, Sigv4, in_region, region, region_of
from millstream.wire.aws_event_stream import check_botocore


class Endpoint:
    """The address of one model and the way in.

    Args:
        name: the model string, for errors.
        provider: the row of its provider.
        base_url: instead of the provider's own.
        api_key: instead of that of the environment.
        headers: the caller's own; they go over those made here.

    Raises:
        ModelError: the base URL is none, or what signs requests is not installed.
    """

    def __init__(
        self,
        name: str,
        provider: Provider,
        base_url: str | None,
        api_key: str | None,
        headers: Mapping[str, str] | None,
    ) -> None:
        self._name = name
        self._provider = provider
        self._given_url = self._checked(base_url) if base_url else None
        self._api_key = api_key
        self._headers = {name.lower(): value for name, value in (headers or {}).items()}
        self._credentials = AwsCredentials()
        if provider.signs_for:
            check_botocore()

    def __repr__(self) -> str:
        return repr(self._given_url or self._provider.base_url)

    def url(self, path: str, model: str) -> str:
        """The URL of a request.

        Raises:
            ModelError: nothing says where that is.
        """
        base_url = self._given_url or self._own_url()
        if not base_url:
            variable = self._provider.base_url_variable
            raise ModelError(f"{self._name} has no base URL: set {variable}, or pass Model(…, base_url=…)")
        if not self._provider.is_azure:
            return in_region(base_url) + path
        path, _, query = path.partition("?")
        url = azure_url(base_url, path, model, os.environ.get("OPENAI_API_VERSION", ""))
        return url + ("&" if "?" in url else "?") + query if query else url

    def headers(self) -> dict[str, str]:
        """The key in its header, and the caller's headers.

        Raises:
            ModelError: there is no key, or it can be none.
        """
        return self._authorization() | self._headers

    def signer(self, headers: Mapping[str, str]) -> Signer | None:
        """What signs a request that has no key, of a provider that takes signatures.

        Raises:
            ModelError: nothing says in which region.
        """
        if not self._provider.signs_for or "authorization" in headers:
            return None
        return Sigv4(self._credentials, self._provider.signs_for, region(self._given_url or self._provider.base_url))

    def _checked(self, base_url: str) -> str:
        check = checked_azure if self._provider.is_azure else checked
        return check(base_url) if base_url else ""

    def _own_url(self) -> str:
        """The provider's own base URL, "" where it is in the environment and there is none."""
        variable = self._provider.base_url_variable
        return self._checked(os.environ.get(variable, "")) if variable else self._provider.base_url

    @property
    def is_own(self) -> bool:
        """Whether requests go to the provider's own host."""
        if self._given_url is None:
            return True
        if self._provider.signs_for:
            return region_of(self._given_url) is not None
        return same_host(self._given_url, self._own_url())

    def _authorization(self) -> dict[str, str]:
        provider = self._provider
        if self._api_key is None and not self._headers.keys().isdisjoint((provider.key_header, "authorization")):
            return {}  # the caller's own stands for it, a token of Azure's Entra, say
        key, where = self._api_key, "api_key="
        if key is None and provider.key_variable and self.is_own:
            where = provider.key_variable
            key = os.environ.get(where)
            if not key and not provider.signs_for:
                raise ModelError(f"there is no key for {self._name}: set {where}, or pass Model(…, api_key=…)")
        if not key:
            return {}
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ModelError(f"{where} holds what no key holds: look for a blank or a line break, at its end above all")
        header = provider.key_header
        return {header: f"Bearer {key}" if header == "authorization" else key}
