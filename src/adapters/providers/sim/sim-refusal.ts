/**
 * A request that is answered with an error, in words of the dialect it came in. Thrown, since it is found deep in the reading of a
 * request and caught in the one place that answers.
 */
export class SimRefusal extends Error {
  override readonly name = "SimRefusal";
  readonly status: number;
  readonly param: string | null;
  readonly code: string | null;
  readonly retryAfterS: number | undefined;

  constructor(status: number, message: string, more: { param?: string; code?: string; retryAfterS?: number | undefined } = {}) {
    super(message);
    this.status = status;
    this.param = more.param ?? null;
    this.code = more.code ?? null;
    this.retryAfterS = more.retryAfterS;
  }
}

/** What providers say with a status that no fault of the request explains. */
export function drawnRefusal(status: number, retryAfterS: number | undefined): SimRefusal {
  switch (status) {
    case 401:
      return new SimRefusal(401, "Incorrect API key provided.", { code: "invalid_api_key", retryAfterS });
    case 404:
      return new SimRefusal(404, "The model does not exist or you do not have access to it.", { code: "model_not_found", retryAfterS });
    case 429:
      return new SimRefusal(429, "Rate limit reached for requests.", { code: "rate_limit_exceeded", retryAfterS });
    case 529:
      return new SimRefusal(529, "Overloaded", { retryAfterS });
    default:
      return new SimRefusal(
        status,
        status >= 500 ? "The server had an error while processing your request. Sorry about that!" : "Your request was refused.",
        { retryAfterS },
      );
  }
}
