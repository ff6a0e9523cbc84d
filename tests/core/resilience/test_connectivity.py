"""What staff are shown of the connection (R5), and settings that name themselves."""

import dataclasses
from typing import Any

import pytest

from rollbook.resilience.breaker import BreakerState
from rollbook.resilience.connectivity import Signs, connection_of
from rollbook.resilience.settings import ResilienceSettings, SettingError, read_settings

FINE = Signs(BreakerState.CLOSED, signed_in=True, ever_answered=True)
OPEN = {"breaker": BreakerState.OPEN, "last_failure": "unreachable"}


@pytest.mark.parametrize(
    ("signs", "state", "reason"),
    [
        ({}, "online", ""),
        ({"signed_in": False}, "signed_out", "signed_out"),
        ({"signed_in": False, **OPEN}, "signed_out", "signed_out"),
        ({"last_failure": "no-network", "last_was_local": True}, "offline", "no_network"),
        (OPEN, "offline", "server_unreachable"),
        ({"breaker": BreakerState.HALF_OPEN, "last_failure": "timeout"}, "offline", "server_unreachable"),
        ({"breaker": BreakerState.FORCED_OPEN}, "offline", "server_unreachable"),
        ({"last_failure": "unreachable"}, "degraded", "server_unreachable"),
        ({"last_failure": "unreachable", "ever_answered": False}, "offline", "server_unreachable"),
        ({"last_failure": "storage-full"}, "degraded", "server_failing"),
        ({"last_failure": "too-many-requests"}, "degraded", "server_busy"),
        ({"last_failure": "not-our-server", "breaker": BreakerState.OPEN}, "offline", "not_our_server"),
        ({"last_failure": "another-installation"}, "degraded", "not_our_server"),
        ({"last_was_slow": True}, "degraded", "server_slow"),
        ({"ever_answered": False}, "offline", "not_asked_yet"),
    ],
)
def test_r5_the_state_and_its_reason(signs: dict[str, Any], state: str, reason: str) -> None:
    found, why = connection_of(dataclasses.replace(FINE, **signs))
    assert (found.value, why) == (state, reason)


def test_settings_of_the_environment_come_before_the_files() -> None:
    values = {"breaker_failures": 3, "retry_base_seconds": 2, "of_another_kind": "x"}
    environment = {"ROLLBOOK_BREAKER_FAILURES": "7", "ROLLBOOK_BREAKER_RECOVERY_SECONDS": "2.5"}
    found = read_settings(ResilienceSettings, values, environment)
    assert (found.breaker_failures, found.retry_base_seconds, found.breaker_recovery_seconds) == (7, 2.0, 2.5)
    assert read_settings(ResilienceSettings, {}, {}) == ResilienceSettings()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("breaker_failures", "0"),
        ("breaker_failures", "2.5"),
        ("breaker_failures", "five"),
        ("breaker_failures", ""),
        ("breaker_recovery_seconds", "-1"),
        ("breaker_recovery_seconds", "nan"),
        ("breaker_recovery_seconds", "inf"),
        ("breaker_failure_rate", "1.5"),
        ("request_timeout_seconds", "0"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_must_be(name: str, given: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings(ResilienceSettings, {}, {f"ROLLBOOK_{name.upper()}": given})
    assert name in str(caught.value)
    assert f"ROLLBOOK_{name.upper()}" in str(caught.value)
    assert "must be" in str(caught.value)


@pytest.mark.parametrize("given", [True, [1], 2.5, float("nan")])
def test_a_wrong_setting_of_the_file_is_named_too(given: object) -> None:
    with pytest.raises(SettingError, match="breaker_failures"):
        read_settings(ResilienceSettings, {"breaker_failures": given}, {})


def test_every_setting_can_be_given_in_the_environment() -> None:
    for field in dataclasses.fields(ResilienceSettings):
        given = field.metadata.get("at_most", 1e9)
        wanted = type(field.default)(min(given, field.default * 2 or 1))
        found = read_settings(ResilienceSettings, {}, {f"ROLLBOOK_{field.name.upper()}": str(wanted)})
        assert getattr(found, field.name) == wanted
