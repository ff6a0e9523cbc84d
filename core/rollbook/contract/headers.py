"""Names of the headers that both sides agree on."""

REQUEST_ID = "X-Request-ID"  # made for each attempt (R16)
ACTION_ID = "X-Rollbook-Action"  # stable over the attempts of one action of a person (R16)
TRACE_PARENT = "traceparent"  # W3C trace context, beside ours (R16)
INSTALLATION = "X-Rollbook-Installation"  # which server installation answers (S10)
DEADLINE_MS = "X-Rollbook-Deadline-Ms"  # milliseconds that the caller will still wait (R2)
DEVICE = "X-Rollbook-Device"
SCHOOL = "X-Rollbook-School"  # whose records are meant, where the user belongs to several schools
PROTOCOL = "X-Rollbook-Protocol"
IDEMPOTENCY_KEY = "Idempotency-Key"

PROTOCOL_VERSION = 1
PROBLEM_MEDIA_TYPE = "application/problem+json"

ID_FORM = r"[A-Za-z0-9._-]{8,64}"
"""The form of a request's or an action's id, as a regular expression for the whole of it (R16)."""
