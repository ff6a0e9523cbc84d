"""The application, put together: the server's one composition root."""

import gc
import os
import random
from pathlib import Path

from fastapi import FastAPI

from rollbook.contract.dashboard import Dashboard, RiskAnalytics, SectionAnalytics, StudentAnalytics
from rollbook.contract.diagnostics import Diagnostics, QueryPlan, SlowQueries
from rollbook.contract.files import ChunksAsked, ChunksMissing
from rollbook.contract.jobs import Job, JobsPage, ReportRequest
from rollbook.contract.numbers import BlockRequest, LiveBlocks, NumberBlock
from rollbook.contract.weather import Weather
from rollbook.domain.clock import Clock, SystemClock
from rollbook.domain.ids import IdSource, uuid7_source
from rollbook.domain.registry import ENTITIES
from rollbook.server import health
from rollbook.server.alerting.alerts import Alerts
from rollbook.server.analytics import endpoints as analytics_endpoints
from rollbook.server.audit import endpoints as audit_endpoints
from rollbook.server.auth import endpoints as auth_endpoints
from rollbook.server.auth import members
from rollbook.server.auth.caller import Callers
from rollbook.server.auth.service import AuthService
from rollbook.server.dashboard import endpoints as dashboard_endpoints
from rollbook.server.database import Database
from rollbook.server.devices import endpoints as devices_endpoints
from rollbook.server.diagnostics import endpoints as diagnostics_endpoints
from rollbook.server.diagnostics import state as state_endpoints
from rollbook.server.diagnostics.endpoints import RequestStory
from rollbook.server.erasure import endpoints as erasure_endpoints
from rollbook.server.erasure.service import ErasureService
from rollbook.server.files import endpoints as files_endpoints
from rollbook.server.help import endpoints as help_endpoints
from rollbook.server.installation import KnownInstallation
from rollbook.server.jobs import endpoints as jobs_endpoints
from rollbook.server.jobs.service import Jobs
from rollbook.server.lifespan import lifespan
from rollbook.server.matching import endpoints as matching_endpoints
from rollbook.server.metrics import Metrics
from rollbook.server.middleware.body_limit import BodyLimitMiddleware
from rollbook.server.middleware.deadline import DeadlineMiddleware
from rollbook.server.middleware.last_resort import LastResortMiddleware
from rollbook.server.middleware.protocol import ProtocolMiddleware
from rollbook.server.middleware.request_id import RequestIdMiddleware
from rollbook.server.middleware.request_log import RequestLogMiddleware
from rollbook.server.numbers import endpoints as numbers_endpoints
from rollbook.server.numbers.service import NumberService
from rollbook.server.openapi import install_openapi
from rollbook.server.outside import endpoints as outside_endpoints
from rollbook.server.outside.messengers import Messengers
from rollbook.server.outside.weather import WeatherService
from rollbook.server.parts import Parts
from rollbook.server.problems import install_problem_handlers
from rollbook.server.proposals import endpoints as proposals_endpoints
from rollbook.server.records import endpoints as records_endpoints
from rollbook.server.records import views
from rollbook.server.records.forms import components_of
from rollbook.server.recovery import endpoints as recovery_endpoints
from rollbook.server.recovery.service import RecoveryService
from rollbook.server.search import endpoints as search_endpoints
from rollbook.server.sections import endpoints as sections_endpoints
from rollbook.server.settings import Settings, read_settings
from rollbook.server.shared_counts import SHARED_FOLDER
from rollbook.server.sync import endpoints as sync_endpoints
from rollbook.server.sync import events
from rollbook.server.sync.notices import Notices
from rollbook.server.sync.push import PushService
from rollbook.server.sync.wakeups import WakeUps
from rollbook.server.sync.write import heads_of
from rollbook.server.telling import Teller
from rollbook.server.version import rollbook_version
from rollbook.server.workers import Workers

_ENDPOINTS = (
    health,
    auth_endpoints,
    sections_endpoints,
    search_endpoints,
    matching_endpoints,
    sync_endpoints,
    events,
    numbers_endpoints,
    files_endpoints,
    proposals_endpoints,
    devices_endpoints,
    members,
    audit_endpoints,
    jobs_endpoints,
    recovery_endpoints,
    erasure_endpoints,
    dashboard_endpoints,
    analytics_endpoints,
    outside_endpoints,
    diagnostics_endpoints,
    state_endpoints,
    help_endpoints,
)
_BODIES = (BlockRequest, LiveBlocks, NumberBlock, ChunksAsked, ChunksMissing, ReportRequest, Job, JobsPage)
_DIAGNOSTICS = (Diagnostics, SlowQueries, QueryPlan)


def create_app(
    settings: Settings,
    clock: Clock | None = None,
    new_id: IdSource | None = None,
    chance: random.Random | None = None,
) -> FastAPI:
    """The server's ASGI application. It connects at the first need, and serves problems until it can."""
    clock = clock or SystemClock()
    new_id = new_id or uuid7_source(clock)
    parts = _parts(settings, clock, new_id, chance or random.SystemRandom())
    app = FastAPI(
        title="Rollbook",
        version=rollbook_version(),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page would be loaded from someone else's network
        redoc_url=None,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        strict_content_type=False,
    )
    app.state.parts = parts
    for endpoints in _ENDPOINTS:
        app.include_router(endpoints.router)
    for router in records_endpoints.routers:  # last: an address of a subject of its own goes before theirs
        app.include_router(router)
    install_problem_handlers(app, clock)
    install_openapi(
        app,
        (
            Dashboard,
            StudentAnalytics,
            SectionAnalytics,
            RiskAnalytics,
            Weather,
            RequestStory,
            *_DIAGNOSTICS,
            *_BODIES,
            views.HistoryPage,
        ),
        {name: form for entity in ENTITIES.values() for name, form in components_of(entity).items()},
    )
    _wrap(app, parts, new_id)
    return app


def application() -> FastAPI:
    """The application as its own process: settings from its surroundings, logs started."""
    from rollbook.server.logs import start_logs

    settings = read_settings()
    start_logs(settings)
    made = create_app(settings)
    gc.freeze()  # what is here now stays: without looking at it again and again, a push takes a fifth less
    return made


def _parts(settings: Settings, clock: Clock, new_id: IdSource, chance: random.Random) -> Parts:
    shared = os.environ.get(SHARED_FOLDER)
    workers = Workers(clock, Path(shared) if shared else None)
    metrics = Metrics()
    sender = Messengers(settings.alert_urls) if settings.alert_urls else None
    alerts = Alerts(settings, clock, sender, metrics.alert)
    database = Database(settings, clock, metrics)
    installation = KnownInstallation(database)
    notices = Notices(
        settings.events_database or settings.database,
        database.sender,
        lambda school_id: wakeups.committed(school_id),
    )
    wakeups = WakeUps(
        lambda schools: database.read(lambda connection: heads_of(connection, schools)),
        lambda: settings.events_poll_told_seconds if notices.listening else settings.events_poll_seconds,
    )
    return Parts(
        settings=settings,
        clock=clock,
        database=database,
        installation=installation,
        metrics=metrics,
        workers=workers,
        alerts=alerts,
        callers=Callers(database, installation, clock),
        auth=AuthService(database, installation, settings, clock, new_id),
        push=PushService(database, clock, metrics, wakeups.committed, installation),
        numbers=NumberService(database, settings, clock),
        erasures=ErasureService(database, settings, clock, new_id, installation, wakeups.committed),
        recovery=RecoveryService(database, clock, new_id, installation, wakeups.committed),
        teller=Teller(database, clock, settings),
        weather=WeatherService(settings, clock, metrics, chance),
        jobs=Jobs(database, settings, clock, new_id, alerts=alerts.note),
        wakeups=wakeups,
        notices=notices,
    )


def _wrap(app: FastAPI, parts: Parts, new_id: IdSource) -> None:
    # The last one added is the outermost.
    app.add_middleware(BodyLimitMiddleware, limit=parts.settings.max_body_bytes)
    app.add_middleware(ProtocolMiddleware)
    app.add_middleware(DeadlineMiddleware, clock=parts.clock)
    app.add_middleware(LastResortMiddleware, clock=parts.clock)
    app.add_middleware(
        RequestLogMiddleware,
        clock=parts.clock,
        metrics=parts.metrics,
        alerts=parts.alerts,
        slow_seconds=parts.settings.slow_request_seconds,
    )
    app.add_middleware(RequestIdMiddleware, new_id=new_id, installation=parts.installation.id_if_known)
