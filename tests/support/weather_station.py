"""A weather service of one's own on this computer, over real HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

GOOD: dict[str, Any] = {
    "current": {
        "time": "2026-09-01T07:45",
        "temperature_2m": 21.4,
        "weather_code": 61,
        "wind_speed_10m": 9.0,
    },
    "daily": {"temperature_2m_min": [17.2], "temperature_2m_max": [27.9]},
}


class WeatherStation:
    """Answers ``value`` with ``status``."""

    def __init__(self) -> None:
        self.value: Any = GOOD
        self.status = 200
        station = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(station.value).encode()
                self.send_response(station.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def settings(self) -> dict[str, Any]:
        """Of a school's server that asks it."""
        url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return {
            "weather_url": url,
            "weather_place": "Athens",
            "weather_latitude": 37.98,
            "weather_longitude": 23.73,
            "weather_seconds": 30.0,
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
