import { type Dispatcher, Pool } from "undici";
import type { ProviderTarget } from "../ports/provider.ts";

/** The head of a provider's answer, with its pieces still to come. */
export interface AnswerHead {
  readonly status: number;
  /** Lower-case names, as received. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What happens to an attempt, in order: head, then pieces, then end or failure. Failure may come at any time, once. */
export interface AttemptListener {
  onHead(head: AnswerHead): void;
  onPiece(piece: Buffer): void;
  onEnd(): void;
  /** @param sent whether any byte of the request may have reached the provider */
  onFailure(failure: AttemptFailure): void;
}

export interface AttemptFailure {
  readonly kind: "connect" | "lost" | "timeout" | "cut";
  readonly sent: boolean;
  readonly cause: unknown;
}

export interface Attempt {
  /** Stops reading; onFailure follows with kind "cut". */
  cut(): void;
  pause(): void;
  resume(): void;
}

interface ProviderAddress {
  readonly pool: Pool;
  /** Path of the base URL, without a final slash. */
  readonly prefix: string;
}

/** One pool of connections for each provider. */
export class ProviderConnections {
  readonly #addresses = new Map<string, ProviderAddress>();

  send(target: ProviderTarget, path: string, headers: string[], body: Buffer, listener: AttemptListener): Attempt {
    let controller: Dispatcher.DispatchController | undefined;
    let cutEarly = false;
    let over = false;
    const fail = (error: unknown) => {
      if (over) return;
      over = true;
      listener.onFailure(failureOf(error, controller !== undefined));
    };
    try {
      const { pool, prefix } = this.#address(target);
      pool.dispatch(
        {
          path: joinPath(prefix, path),
          method: "POST",
          headers,
          body,
          headersTimeout: target.headersTimeoutMs,
          bodyTimeout: target.bodyTimeoutMs,
        },
        {
          onRequestStart(started) {
            controller = started;
            if (cutEarly) started.abort(new CutError());
          },
          onResponseStart(_controller, status, responseHeaders) {
            if (status >= 200) listener.onHead({ status, headers: responseHeaders });
          },
          onResponseData(_controller, piece) {
            if (!over) listener.onPiece(piece);
          },
          onResponseEnd() {
            if (over) return;
            over = true;
            listener.onEnd();
          },
          onResponseError(_controller, error) {
            fail(error);
          },
        },
      );
    } catch (error) {
      fail(error);
    }
    return {
      cut() {
        if (controller) controller.abort(new CutError());
        else cutEarly = true;
      },
      pause: () => controller?.pause(),
      resume: () => controller?.resume(),
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#addresses.values()].map(({ pool }) => pool.destroy()));
  }

  #address(target: ProviderTarget): ProviderAddress {
    let address = this.#addresses.get(target.name);
    if (!address) {
      const { origin, pathname } = new URL(target.baseUrl);
      const pool = new Pool(origin, { connections: 256, pipelining: 1, connect: { timeout: 10_000 } });
      address = { pool, prefix: pathname === "/" ? "" : pathname.replace(/\/$/, "") };
      this.#addresses.set(target.name, address);
    }
    return address;
  }
}

class CutError extends Error {
  override readonly name = "CutError";
}

/** "https://host/v1" and "https://host" both lead to "/v1/chat/completions". */
function joinPath(prefix: string, path: string): string {
  return prefix.endsWith("/v1") && path.startsWith("/v1/") ? prefix + path.slice(3) : prefix + path;
}

function failureOf(error: unknown, sent: boolean): AttemptFailure {
  if (error instanceof CutError) return { kind: "cut", sent, cause: error };
  const code = (error as { code?: string }).code ?? "";
  const timeout = code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT";
  if (timeout) return { kind: "timeout", sent, cause: error };
  const connect = !sent || code === "UND_ERR_CONNECT_TIMEOUT" || code === "ECONNREFUSED" || code === "ENOTFOUND";
  return { kind: connect ? "connect" : "lost", sent: sent && !connect, cause: error };
}
