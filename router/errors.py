"""Every error a caller can see: one tree, with status, type and code on the class.

ApiError                       500  api_error               internal_error
├── InvalidRequest             400  invalid_request_error   invalid_value (faults: one or several)
├── InvalidApiKey              401  authentication_error    invalid_api_key
├── KeyPaused                  403  permission_error        key_paused
├── ModelNotAllowed            403  permission_error        model_not_allowed
├── ModelNotFound              404  invalid_request_error   model_not_found
├── NotFound                   404  invalid_request_error   not_found
├── NotSupported               404  invalid_request_error   not_supported
├── MethodNotAllowed           405  invalid_request_error   method_not_allowed
├── PayloadTooLarge            413  invalid_request_error   payload_too_large
├── UnsupportedMediaType       415  invalid_request_error   unsupported_media_type
├── HeadersTooLarge            431  invalid_request_error   headers_too_large
├── BudgetExceeded             429  insufficient_quota      budget_exceeded
├── BudgetReserved             429  rate_limit_error        budget_reserved
├── QueueFull                  429  rate_limit_error        queue_full
├── TooManyFailures            429  rate_limit_error        too_many_failures
├── EngineFailed               502  api_error               engine_error
├── RequestTimeout             504  api_error               timeout
├── ReaderSlow                 400  invalid_request_error   reader_too_slow
├── ColdBoot                   503  service_unavailable     cold_boot
├── CircuitOpen                503  service_unavailable     circuit_open
├── AccountingUnavailable      503  service_unavailable     accounting_unavailable
└── NotReady                   503  service_unavailable     not_ready
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from budgets import errors as budget_errors
from router import engine

UNKNOWN_ETA_SECONDS = 30


class ApiError(Exception):
    """`message` is for the caller; `headers` go out with the response."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "api_error"
    code: str = "internal_error"

    def __init__(self, message: str, param: str | None = None, details: Any = None, **headers: str) -> None:
        super().__init__(message)
        self.message, self.param, self.details = message, param, details
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def body(self) -> dict[str, Any]:
        """The one error shape, for JSON responses and SSE frames alike."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": error if self.details is None else {**error, "details": self.details}}


class InternalError(ApiError):
    def __init__(self) -> None:
        super().__init__("The service failed to answer this request. It was logged under the request id.")


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request: the field, the code, and a sentence with rule and value."""

    param: str | None
    code: str
    message: str


class InvalidRequest(ApiError):
    status, type = 400, "invalid_request_error"

    def __init__(self, *faults: Fault, details: Any = None) -> None:
        """Several faults are reported together; the first gives `param` and `code`."""
        first = faults[0]
        listed = [{"param": fault.param, "code": fault.code, "message": fault.message} for fault in faults]
        message = " ".join(fault.message for fault in faults)
        super().__init__(message, first.param, listed if len(faults) > 1 else details, x_should_retry="false")
        self.code = first.code


class InvalidApiKey(ApiError):
    status, type, code = 401, "authentication_error", "invalid_api_key"

    def __init__(self) -> None:
        sentence = "No valid API key was given. Send it as 'Authorization: Bearer KEY'; 'basemodel keys create' makes one."
        super().__init__(sentence, WWW_Authenticate="Bearer")


class KeyPaused(ApiError):
    status, type, code = 403, "permission_error", "key_paused"

    def __init__(self) -> None:
        super().__init__("This API key is paused. Resume it on the Dashboard or with 'basemodel keys resume'.", x_should_retry="false")


class ModelNotAllowed(ApiError):
    status, type, code = 403, "permission_error", "model_not_allowed"

    def __init__(self, model: str) -> None:
        super().__init__(f"This API key may not use the model '{model}'.", "model", x_should_retry="false")


class ModelNotFound(ApiError):
    status, type, code = 404, "invalid_request_error", "model_not_found"

    def __init__(self, model: str, ids: list[str]) -> None:
        super().__init__(f"The model '{model}' does not exist here. The models are: {', '.join(ids)}.", "model")


class NotFound(ApiError):
    status, type, code = 404, "invalid_request_error", "not_found"


class NotSupported(ApiError):
    status, type, code = 404, "invalid_request_error", "not_supported"


class MethodNotAllowed(ApiError):
    status, type, code = 405, "invalid_request_error", "method_not_allowed"


class PayloadTooLarge(ApiError):
    status, type, code = 413, "invalid_request_error", "payload_too_large"


class UnsupportedMediaType(ApiError):
    status, type, code = 415, "invalid_request_error", "unsupported_media_type"


class HeadersTooLarge(ApiError):
    status, type, code = 431, "invalid_request_error", "headers_too_large"


class BudgetExceeded(ApiError):
    """The request cannot fit this month, so asking again is of no use. `scope` is `key` or `account`."""

    status, type, code = 429, "insufficient_quota", "budget_exceeded"

    def __init__(self, scope: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(message, scope, details, x_should_retry="false")


class BudgetReserved(ApiError):
    status, type, code = 429, "rate_limit_error", "budget_reserved"

    def __init__(self, scope: str, details: dict[str, Any], retry_after_seconds: int) -> None:
        message = f"This request does not fit into the {scope}'s budget beside what running requests hold of it. Send it again soon."
        super().__init__(message, scope, details, Retry_After=str(retry_after_seconds))


class QueueFull(ApiError):
    status, type, code = 429, "rate_limit_error", "queue_full"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message, Retry_After=str(retry_after_seconds))


class TooManyFailures(ApiError):
    status, type, code = 429, "rate_limit_error", "too_many_failures"

    def __init__(self, retry_after_seconds: int) -> None:
        message = "Too many invalid API keys came from this address. Send the request again later."
        super().__init__(message, Retry_After=str(retry_after_seconds))


class EngineFailed(ApiError):
    status, code = 502, "engine_error"

    def __init__(self) -> None:
        super().__init__("The model's engine failed while it worked on this request. Send it again.")


class ReaderSlow(ApiError):
    """Seen at the end of a stream only: whoever reads late enough finds it there."""

    status, type, code = 400, "invalid_request_error", "reader_too_slow"

    def __init__(self) -> None:
        super().__init__("This stream was read too slowly: too much of it was waiting, so it was ended. What was made is charged.")


class RequestTimeout(ApiError):
    status, code = 504, "timeout"

    def __init__(self) -> None:
        super().__init__("The request ran longer than this model allows and was ended.")


class ColdBoot(ApiError):
    status, type, code = 503, "service_unavailable", "cold_boot"

    def __init__(self, phase: str, eta_seconds: float | None) -> None:
        wait = UNKNOWN_ETA_SECONDS if eta_seconds is None else min(max(math.ceil(0.6 * eta_seconds), 1), 60)
        details = {"phase": phase, "eta_seconds": eta_seconds, "retry_after_seconds": wait}
        super().__init__("The model is starting. Send the request again in a moment.", "model", details, Retry_After=str(wait))


class CircuitOpen(ApiError):
    status, type, code = 503, "service_unavailable", "circuit_open"

    def __init__(self, retry_after_seconds: float) -> None:
        wait = min(max(math.ceil(retry_after_seconds), 1), 60)
        super().__init__("The model is not available at the moment. Send the request again later.", "model", Retry_After=str(wait))


class AccountingUnavailable(ApiError):
    status, type, code = 503, "service_unavailable", "accounting_unavailable"

    def __init__(self) -> None:
        super().__init__("Accounts cannot be read at the moment. Send the request again.", Retry_After="2")


class NotReady(ApiError):
    status, type, code = 503, "service_unavailable", "not_ready"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The service cannot take requests now: {reason}.", details={"reason": reason}, Retry_After="2")


def from_engine(error: engine.EngineError) -> ApiError:
    """What the caller is told of an engine's failure; its own text stays in the log."""
    match error:
        case engine.EngineCold():
            return ColdBoot(error.phase, error.eta_seconds)
        case engine.EngineBroken():
            return CircuitOpen(error.retry_after_seconds)
        case engine.EngineTimeout():
            return RequestTimeout()
        case engine.EngineReaderSlow():
            return ReaderSlow()
        case _:
            return EngineFailed()


def from_budgets(error: budget_errors.BudgetError) -> ApiError:
    match error:
        case budget_errors.KeyRefused(state="paused"):
            return KeyPaused()
        case budget_errors.UnknownKey() | budget_errors.KeyRefused():
            return InvalidApiKey()
        case budget_errors.StoreUnavailable():
            return AccountingUnavailable()
        case _:
            return InternalError()
