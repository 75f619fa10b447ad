"""A client of the caller's own that a `Model` can not use is refused where it is given."""

import httpx2
import pytest

from millstream import Model, ModelError


class AsyncSomeSDK:
    """What a provider's SDK calls its client."""


@pytest.mark.parametrize(("client", "name"), [(AsyncSomeSDK(), "AsyncSomeSDK"), (httpx2.Client(), "httpx2.Client")])
def test_a_client_that_is_none_of_httpx2s_async_ones(client: object, name: str) -> None:
    with pytest.raises(ModelError, match=rf"takes an httpx2\.AsyncClient, not a .*{name}: .* use a ToolRunner"):
        Model("openai:any", client=client)  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_a_client_of_a_class_derived_from_it() -> None:
    class Traced(httpx2.AsyncClient):
        pass

    async with Traced() as client:
        Model("openai:any", client=client)
