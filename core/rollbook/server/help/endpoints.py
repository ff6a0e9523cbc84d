"""``/help``: the guides, for everybody; they hold nothing of the school (R20)."""

from fastapi import APIRouter
from starlette.responses import Response

from rollbook.help_guides import guide
from rollbook.resource_files import resource
from rollbook.server.help.pages import contents_page, guide_page
from rollbook.server.openapi import described
from rollbook.server.problems import ProblemError

router = APIRouter(prefix="/help", tags=["help"])
_HEADERS = {
    # Nothing but our own style sheet is loaded, nothing runs, and no other page may frame it.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "max-age=300",
}


@router.get("", **described(media_type="text/html"))
def contents() -> Response:
    """The list of the guides."""
    return _html(contents_page())


@router.get("/style.css", **described(media_type="text/css"))
def style() -> Response:
    """How they look, in light and dark."""
    text = resource("styles/help.css").read_text(encoding="utf-8")
    return Response(text, media_type="text/css", headers=_HEADERS)


@router.get("/{key}", **described(media_type="text/html"))
def one_guide(key: str) -> Response:
    """One guide."""
    try:
        found = guide(key)
    except KeyError:
        raise ProblemError("not-found", "There is no such guide; /help lists them.") from None
    return _html(guide_page(found))


def _html(page: str) -> Response:
    return Response(page, media_type="text/html", headers=_HEADERS)
