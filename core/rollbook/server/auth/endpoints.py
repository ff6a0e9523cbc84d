"""``/api/v1/auth``: sign in, refresh, sign out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.responses import Response

from rollbook.contract.session import Refresh, SignIn
from rollbook.server.auth.caller import Caller, User
from rollbook.server.openapi import described
from rollbook.server.parts import Parts, parts_of
from rollbook.server.wire import JsonBytes, decoded, json_response

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

ServerParts = Annotated[Parts, Depends(parts_of)]


_SIGNED_IN = HTTPBearer(
    scheme_name="SignedIn", bearerFormat="JWT", description="The access token of a sign-in.", auto_error=False
)
Shown = Annotated[HTTPAuthorizationCredentials | None, Depends(_SIGNED_IN)]


def _user(parts: ServerParts, shown: Shown) -> User:
    return parts.callers.user(_token(shown))


def _caller(
    parts: ServerParts,
    shown: Shown,
    x_rollbook_school: Annotated[str | None, Header(description="Which of the user's schools.")] = None,
    school: Annotated[str | None, Query(description="The same, where a header cannot be set.")] = None,
) -> Caller:
    return parts.callers.caller(_token(shown), school or x_rollbook_school)


def _token(shown: HTTPAuthorizationCredentials | None) -> str:
    return "" if shown is None else shown.credentials.strip()


SignedIn = Annotated[User, Depends(_user)]
InSchool = Annotated[Caller, Depends(_caller)]


@router.post("/sign-in", **described(takes=SignIn, gives="Session"))
def sign_in(parts: ServerParts, body: JsonBytes, request: Request) -> Response:
    """Begin a session with name and password."""
    address = request.client.host if request.client else ""
    return json_response(parts.auth.sign_in(decoded(body, SignIn), address))


@router.post("/refresh", **described(takes=Refresh, gives="Session"))
def refresh(parts: ServerParts, body: JsonBytes) -> Response:
    """Exchange a refresh token, which is used up, for a new pair."""
    return json_response(parts.auth.refresh(decoded(body, Refresh).refresh_token))


@router.post("/sign-out", **described(takes=Refresh, status=204))
def sign_out(parts: ServerParts, body: JsonBytes) -> Response:
    """End the session that the refresh token belongs to."""
    parts.auth.sign_out(decoded(body, Refresh).refresh_token)
    return Response(status_code=204)
