"""AWS: requests signed by Signature Version 4, with the credentials that botocore finds; the region and the base URL.

botocore is imported when the first request is signed. It looks for credentials where every AWS tool does: in the
environment, in the files below ~/.aws with their profiles, single sign-on and programs, in the metadata of a container
or a machine; it renews those that expire. Knows no wire format.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

from millstream.errors import ModelError

REGION: Final = "{region}"
"""What stands for the region in a base URL."""
_HOST: Final = re.compile(
    r"(?:[a-z0-9-]+\.)?bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.(?:(?:vpce\.)?amazonaws\.com(?:\.cn)?|api\.aws)"
)
_SIGNED: Final = ("content-type", "x-amz")  # beside the host; what a proxy may change is left out


class _Frozen(Protocol):
    access_key: str
    secret_key: str
    token: str | None


class _Credentials(Protocol):
    def get_frozen_credentials(self) -> _Frozen: ...


class AwsCredentials:
    """The credentials of this process, looked for once and renewed as they expire; shared by threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: _Credentials | None = None

    def get(self) -> _Frozen:
        """The credentials as they are now.

        Raises:
            ModelError: there are none, or they can not be had.
        """
        from botocore.exceptions import BotoCoreError  # pyright: ignore[reportMissingTypeStubs]  it has none
        from botocore.session import Session  # pyright: ignore[reportMissingTypeStubs]

        try:
            with self._lock:
                if self._found is None:
                    session: Any = Session()
                    self._found = cast("_Credentials | None", session.get_credentials())
                if self._found is not None:
                    return self._found.get_frozen_credentials()
        except BotoCoreError as error:
            raise ModelError(f"the AWS credentials can not be had: {error}") from error
        raise ModelError("there are no AWS credentials: set AWS_BEARER_TOKEN_BEDROCK, or log in with the aws program")


class Sigv4:
    """Signs one request as `transport.seam.Signer`.

    Args:
        credentials: what to sign with.
        service: the name of the service in signatures ("bedrock").
        region: the region in signatures ("us-east-1").
    """

    def __init__(self, credentials: AwsCredentials, service: str, region: str) -> None:
        self._credentials = credentials
        self._service = service
        self._region = region
        self._secrets: set[str] = set()

    @property
    def secrets(self) -> Iterable[str]:
        """The credentials and the signatures so far."""
        return frozenset(self._secrets)

    def sign(self, url: str, content: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
        """`authorization`, `x-amz-date`, and `x-amz-security-token` where the credentials are for a session.

        Raises:
            ModelError: there are no credentials, or they can not be had.
        """
        from botocore.auth import SigV4Auth  # pyright: ignore[reportMissingTypeStubs]
        from botocore.awsrequest import AWSRequest  # pyright: ignore[reportMissingTypeStubs]

        frozen = self._credentials.get()
        given = {name: value for name, value in headers.items() if name.lower().startswith(_SIGNED)}
        request: Any = AWSRequest(method="POST", url=url, data=content, headers=given)
        auth: Any = SigV4Auth(frozen, self._service, self._region)
        auth.add_auth(request)
        made = {name.lower(): str(value) for name, value in request.headers.items() if name not in given}
        authorization = made["authorization"]
        self._secrets |= {frozen.access_key, frozen.secret_key, authorization, authorization.rpartition("=")[2]}
        self._secrets |= {frozen.token} if frozen.token else set()
        return made


def region_of(base_url: str) -> str | None:
    """The region of a Bedrock endpoint of AWS; None where it is another host."""
    found = _HOST.fullmatch(urlsplit(base_url).hostname or "")
    return found[1] if found else None


def region(base_url: str) -> str:
    """The region of requests to this base URL: the one in its host, else that of the environment.

    Raises:
        ModelError: neither says one.
    """
    said = region_of(base_url) or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not said:
        raise ModelError("there is no AWS region: set AWS_REGION, or pass Model(…, base_url=…) with the region in it")
    if not re.fullmatch("[a-z0-9-]+", said):
        raise ModelError(f'AWS_REGION is "{said}", which is no region: write it as us-east-1')
    return said


def in_region(base_url: str) -> str:
    """A base URL with the region where it has a place for one.

    Raises:
        ModelError: nothing says which.
    """
    return base_url.replace(REGION, region(base_url)) if REGION in base_url else base_url
