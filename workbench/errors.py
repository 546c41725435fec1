"""What the site's callers see beside the errors of `router/errors.py`.

ApiError
├── NotSignedIn         401  authentication_error    not_signed_in
├── BadCredentials      401  authentication_error    bad_credentials
├── RefusedOrigin       403  permission_error        csrf
├── NotAdmin            403  permission_error        not_admin
├── Insecure            403  permission_error        insecure
├── KeyClosed           403  permission_error        account_disabled
├── InviteUnknown       404  invalid_request_error   invite_unknown
├── ResetUnknown        404  invalid_request_error   reset_unknown
├── KeyUnknown          404  invalid_request_error   not_found
├── PromptUnknown       404  invalid_request_error   not_found
├── TooManyKeys         403  permission_error        quota_exceeded
├── PromptQuota         403  permission_error        quota_exceeded
├── InboxFull           403  permission_error        quota_exceeded
├── UserUnknown         404  invalid_request_error   not_found
├── AccountUnknown      404  invalid_request_error   not_found
├── FeedbackUnknown     404  invalid_request_error   not_found
├── Conflict            409  invalid_request_error   conflict
├── TooManySignIns      429  rate_limit_error        too_many_failures
├── TooMuchFeedback     429  rate_limit_error        too_many_requests
├── TooManyNewKeys      429  rate_limit_error        too_many_requests
├── TooManySaves        429  rate_limit_error        too_many_saves
└── SiteUnavailable     503  service_unavailable     site_unavailable
"""

from __future__ import annotations

from router.errors import ApiError


class NotSignedIn(ApiError):
    status, type, code = 401, "authentication_error", "not_signed_in"

    def __init__(self) -> None:
        super().__init__("Nobody is signed in here. Sign in at /sign-in; API keys open /v1, not the site.")


class BadCredentials(ApiError):
    """One sentence for every reason: whether a name exists is nobody's business."""

    status, type, code = 401, "authentication_error", "bad_credentials"

    def __init__(self) -> None:
        super().__init__("This name and password do not belong together, or the user may not sign in.")


class RefusedOrigin(ApiError):
    status, type, code = 403, "permission_error", "csrf"

    def __init__(self) -> None:
        super().__init__("This request did not come from a page of this site, or the page is out of date: load it anew.")


class NotAdmin(ApiError):
    status, type, code = 403, "permission_error", "not_admin"

    def __init__(self) -> None:
        super().__init__("Only admins may do this.")


class Insecure(ApiError):
    status, type, code = 403, "permission_error", "insecure"

    def __init__(self) -> None:
        sentence = "Signing in over plain http is possible on this machine only (http://127.0.0.1). Elsewhere the site needs https"
        super().__init__(f"{sentence}: its operator sets BASEMODEL_PUBLIC_URL to the https address.")


class InviteUnknown(ApiError):
    status, type, code = 404, "invalid_request_error", "invite_unknown"

    def __init__(self) -> None:
        super().__init__("This invite was used, has expired or never existed. Ask an admin for another.", "token")


class ResetUnknown(ApiError):
    status, type, code = 404, "invalid_request_error", "reset_unknown"

    def __init__(self) -> None:
        super().__init__("This link was used, has expired or never existed. Ask an admin for another.", "token")


class UserUnknown(ApiError):
    status, type, code = 404, "invalid_request_error", "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such user.")


class AccountUnknown(ApiError):
    status, type, code = 404, "invalid_request_error", "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such account.")


class FeedbackUnknown(ApiError):
    status, type, code = 404, "invalid_request_error", "not_found"

    def __init__(self) -> None:
        super().__init__("This feedback is not there; somebody may have deleted it.")


class KeyUnknown(ApiError):
    status, type, code = 404, "invalid_request_error", "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such key.")


class PromptUnknown(ApiError):
    """Also what is somebody else's: whether it exists is their business."""

    status, type, code = 404, "invalid_request_error", "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such prompt or version, or it is somebody else's and not shared.")


class PromptQuota(ApiError):
    """The sentence says what to do."""

    status, type, code = 403, "permission_error", "quota_exceeded"


class TooManyKeys(ApiError):
    status, type, code = 403, "permission_error", "quota_exceeded"

    def __init__(self, most: int) -> None:
        super().__init__(f"This account has {most} keys, the most it may have. Revoke one that nobody needs.")


class InboxFull(ApiError):
    status, type, code = 403, "permission_error", "quota_exceeded"

    def __init__(self) -> None:
        super().__init__("So much feedback waits here that no more is kept. Tell an admin of this service.")


class KeyClosed(ApiError):
    """The session is good, but the account opens nothing."""

    status, type, code = 403, "permission_error", "account_disabled"

    def __init__(self) -> None:
        super().__init__("The account of this user is disabled: nothing runs until an operator enables it.", x_should_retry="false")


class Conflict(ApiError):
    """Something else is there already, or changed meanwhile."""

    status, type, code = 409, "invalid_request_error", "conflict"


class TooManySignIns(ApiError):
    status, type, code = 429, "rate_limit_error", "too_many_failures"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("Too many attempts failed. Try again later.", Retry_After=str(retry_after_seconds))


class TooManyNewKeys(ApiError):
    status, type, code = 429, "rate_limit_error", "too_many_requests"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("You made so many keys that the next has to wait a little.", Retry_After=str(retry_after_seconds))


class TooManySaves(ApiError):
    status, type, code = 429, "rate_limit_error", "too_many_saves"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("So many prompts were saved that this one has to wait a little.", Retry_After=str(retry_after_seconds))


class TooMuchFeedback(ApiError):
    status, type, code = 429, "rate_limit_error", "too_many_requests"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("That was much feedback for an hour. Send it again later.", Retry_After=str(retry_after_seconds))


class SiteUnavailable(ApiError):
    status, type, code = 503, "service_unavailable", "site_unavailable"

    def __init__(self) -> None:
        super().__init__("The site's database does not answer at the moment; the API goes on. Try again soon.", Retry_After="2")
