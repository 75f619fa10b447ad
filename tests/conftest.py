"""How much the property tests try: `--hypothesis-profile=long` tries more, and other examples each time."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_common = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
# The same examples in every run: a change that breaks nothing must not fail by chance.
settings.register_profile("default", _common, derandomize=True, max_examples=200)
settings.register_profile("long", _common, max_examples=5000, print_blob=True)
settings.load_profile("default")
