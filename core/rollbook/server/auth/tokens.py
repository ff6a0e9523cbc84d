"""Tokens: a short access token that says who, and a refresh token that is used once."""

import hashlib
import secrets
from dataclasses import dataclass

import jwt

from rollbook.domain.clock import Clock
from rollbook.server.installation import Installation
from rollbook.server.problems import ProblemError

_ALGORITHM = "HS256"


SESSION, FAMILY = "ses", "fam"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom an access token names, in which of their sessions' numbers it was given, and by which sign-in."""

    user_id: str
    session_number: int
    family: str = ""


def access_token(installation: Installation, clock: Clock, bearer: Bearer, seconds: float) -> str:
    """A token that ``bearer`` shows for the next ``seconds``."""
    now = int(clock.now().timestamp())
    claims = {
        "iss": installation.id,
        "sub": bearer.user_id,
        SESSION: bearer.session_number,
        FAMILY: bearer.family,
        "iat": now,
        "exp": now + int(seconds),
    }
    return jwt.encode(claims, installation.secret, algorithm=_ALGORITHM)


def bearer_of(token: str, installation: Installation, clock: Clock) -> Bearer:
    """Whom ``token`` names. Raises :class:`ProblemError` where it is not ours or is over."""
    try:
        claims = jwt.decode(
            token,
            installation.secret,
            algorithms=[_ALGORITHM],
            issuer=installation.id,
            # The time is looked at below, by the clock that we were given (H6).
            options={
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "require": ["exp", "sub"],
            },
        )
    except jwt.PyJWTError:
        raise not_signed_in("The access token is not valid here.") from None
    if clock.now().timestamp() >= float(claims["exp"]):
        raise not_signed_in("The access token is over.")
    # One that an earlier release gave has no number: it began before any password was given anew.
    return Bearer(str(claims["sub"]), int(claims.get(SESSION, 0)), str(claims.get(FAMILY, "")))


def not_signed_in(detail: str) -> ProblemError:
    """The problem of one who must sign in or refresh."""
    return ProblemError("not-signed-in", detail, headers={"WWW-Authenticate": "Bearer"})


def new_refresh_token() -> str:
    """256 random bits, for a URL or a header as they are."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is kept of a refresh token; its randomness makes a plain hash enough."""
    return hashlib.sha256(token.encode()).digest()
