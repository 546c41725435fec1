/**
 * What a call can fail with: the one error shape of the service, and faults of the way there in the same shape.
 *
 * Codes of our own: `unreachable` (no answer), `timeout` (none in time), `cut` (a stream ended early), `unreadable` (not JSON).
 *
 * @typedef {{message?: string, type?: string, param?: string | null, code?: string, details?: any}} ErrorBody
 */

export class ApiError extends Error {
  /**
   * @param {number} status 0 where no answer came
   * @param {ErrorBody} error
   * @param {{retryAfter?: number | null, requestId?: string | null}} [from]
   */
  constructor(status, error, from = {}) {
    super(error.message || "The service gave no reason.");
    this.name = "ApiError";
    this.status = status;
    this.type = error.type ?? "api_error";
    this.code = error.code ?? "internal_error";
    /** @type {string | null} */
    this.param = error.param ?? null;
    /** @type {any} */
    this.details = error.details ?? null;
    /** Seconds to wait before another try. */
    this.retryAfter = from.retryAfter ?? null;
    this.requestId = from.requestId ?? null;
  }

  /** The faults by field: several come in `details`, one is the error itself. @returns {{param: string | null, message: string}[]} */
  get faults() {
    const listed = Array.isArray(this.details) ? this.details : [];
    return listed.length ? listed : [{ param: this.param, message: this.message }];
  }
}

/** @param {Response} response @param {any} body what it held, if that was JSON */
export function refusal(response, body) {
  const error = body?.error ?? { message: `The service answered ${response.status}.`, code: "unreadable" };
  return new ApiError(response.status, error, {
    retryAfter: seconds(response.headers.get("retry-after")),
    requestId: response.headers.get("x-request-id"),
  });
}

/**
 * An abort by the caller stays what it is; all else becomes an ApiError.
 *
 * @param {unknown} error
 * @param {AbortSignal} [signal]
 * @returns {unknown}
 */
export function fault(error, signal) {
  if (error instanceof ApiError || signal?.aborted) return error;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new ApiError(0, { message: "The service did not answer in time. Try again.", code: "timeout" });
  }
  return new ApiError(0, { message: "The service cannot be reached. Check the connection and try again.", code: "unreachable" });
}

/** @param {unknown} error @returns {error is ApiError} */
export function isApiError(error) {
  return error instanceof ApiError;
}

/** @param {unknown} error */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/** @param {string | null} header */
function seconds(header) {
  const value = Number(header);
  return header !== null && Number.isFinite(value) ? value : null;
}
