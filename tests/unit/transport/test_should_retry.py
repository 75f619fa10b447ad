"""A provider that says whether another try is worth it is believed, over what its status means elsewhere."""

import pytest

from millstream import Agent, Limits, Model, WireError
from millstream.testing import Body, FakeProvider, Scenario

pytestmark = pytest.mark.anyio

NO_WAIT = {"retry-after-ms": "1"}


@pytest.mark.parametrize(
    ("status", "advice", "requests"), [(500, "false", 1), (429, "false", 1), (500, "perhaps", 2), (400, "true", 2)]
)
async def test_the_advice_decides(status: int, advice: str, requests: int) -> None:
    no = Body({"error": {"message": "No."}}, status, headers={"x-should-retry": advice, **NO_WAIT})
    with FakeProvider(Scenario.of(no, no, "never said")) as provider:
        model = Model("openai:any", base_url=provider.base_url, api_key="any")
        with pytest.raises(WireError) as caught:
            await Agent(model, limits=Limits(request_attempts=2)).run("Hi")
        assert len(provider.requests) == requests
    assert caught.value.retryable is (requests == 2)
