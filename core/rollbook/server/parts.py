"""The parts of one application, put together once and handed to the endpoints."""

from dataclasses import dataclass

from fastapi import Request

from rollbook.domain.clock import Clock
from rollbook.server.alerting.alerts import Alerts
from rollbook.server.auth.caller import Callers
from rollbook.server.auth.service import AuthService
from rollbook.server.database import Database
from rollbook.server.erasure.service import ErasureService
from rollbook.server.installation import KnownInstallation
from rollbook.server.jobs.service import Jobs
from rollbook.server.metrics import Metrics
from rollbook.server.numbers.service import NumberService
from rollbook.server.outside.weather import WeatherService
from rollbook.server.recovery.service import RecoveryService
from rollbook.server.settings import Settings
from rollbook.server.sync.notices import Notices
from rollbook.server.sync.push import PushService
from rollbook.server.sync.wakeups import WakeUps
from rollbook.server.telling import Teller
from rollbook.server.workers import Workers


@dataclass(frozen=True, slots=True)
class Parts:
    """What endpoints may ask; each is safe to use from several threads."""

    settings: Settings
    clock: Clock
    database: Database
    installation: KnownInstallation
    metrics: Metrics
    workers: Workers
    alerts: Alerts
    callers: Callers
    auth: AuthService
    push: PushService
    numbers: NumberService
    recovery: RecoveryService
    erasures: ErasureService
    teller: Teller
    weather: WeatherService
    jobs: Jobs
    wakeups: WakeUps
    notices: Notices


def parts_of(request: Request) -> Parts:
    """The parts of the application that answers ``request``."""
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts
