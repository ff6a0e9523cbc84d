"""Whether the weather's address answers, asked once by `rollbook-server check`."""

import httpx

from rollbook.server.outside import open_meteo
from rollbook.server.settings import Settings


def weather_failure(settings: Settings) -> str:
    """Why the weather can't be fetched, "" where it can or nobody is to be asked."""
    if not settings.weather_url:
        return ""
    where = {"latitude": settings.weather_latitude, "longitude": settings.weather_longitude}
    try:
        answer = httpx.get(
            settings.weather_url.rstrip("/") + open_meteo.PATH,
            params=where,
            timeout=settings.weather_seconds,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__
    return "" if answer.is_success else f"status {answer.status_code}"
