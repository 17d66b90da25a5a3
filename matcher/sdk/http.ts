import type { WireError } from "../protocol/api-wire.ts";

/** The exchange refused, with its closed code. */
export class ClearbookError extends Error {
  readonly code: WireError["code"];
  readonly field: string | null;
  readonly remedy: string;
  readonly detail: string | undefined;
  readonly messageHash: string | undefined;
  readonly httpStatus: number;
  /** How long the exchange asks to wait, or null. */
  readonly retryAfterMs: number | null;

  constructor(body: WireError, httpStatus: number, retryAfterMs: number | null) {
    super(`${body.code}: ${body.detail ?? body.message} ${body.remedy}`);
    this.name = "ClearbookError";
    this.code = body.code;
    this.field = body.field;
    this.remedy = body.remedy;
    this.detail = body.detail;
    this.messageHash = body.messageHash;
    this.httpStatus = httpStatus;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The exchange could not be reached, or answered with something that is not its API. What was sent may have been accepted. */
export class Unreachable extends Error {
  constructor(url: string, cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`no answer from ${url}: ${text}`, { cause });
    this.name = "Unreachable";
  }
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const TIMEOUT_MS = 10_000;
/** Times that something is sent without an answer, with pauses that double. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 50;

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** JSON over fetch. */
export class Http {
  private readonly baseUrl: string;
  private readonly fetch: Fetch;

  /** @param baseUrl for example "http://127.0.0.1:8080" */
  constructor(baseUrl: string, fetchWith: Fetch = (url, init) => fetch(url, init)) {
    this.baseUrl = baseUrl.replace(/\/+$/, "");
    this.fetch = fetchWith;
  }

  /** @param token of a session, for what is private. @throws ClearbookError, Unreachable */
  get<T>(path: string, query: Record<string, string | number | undefined> = {}, token?: string): Promise<T> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
    const text = search.toString();
    return this.request<T>(text === "" ? path : `${path}?${text}`, { method: "GET", headers: bearer(token) });
  }

  /** @param token of a session, where one is needed. @throws ClearbookError, Unreachable */
  post<T>(path: string, body: unknown, token?: string): Promise<T> {
    const headers = { "content-type": "application/json", ...bearer(token) };
    return this.request<T>(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /**
   * Posts what the exchange acts on once, however often it comes: without an answer it is sent again.
   * @throws ClearbookError; Unreachable after the last try: what was sent may have been accepted
   */
  async postUntilAnswered<T>(path: string, body: unknown, token?: string): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.post<T>(path, body, token);
      } catch (error) {
        if (!(error instanceof Unreachable) || attempt === ATTEMPTS) throw error;
        await new Promise((wake) => setTimeout(wake, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
      }
    }
  }

  private async request<T>(path: string, init: RequestInit): Promise<T> {
    const url = this.baseUrl + path;
    let response: Response;
    let body: unknown;
    try {
      response = await this.fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
      body = await response.json();
    } catch (error) {
      throw new Unreachable(url, error);
    }
    if (response.ok) return body as T;
    if (typeof body !== "object" || body === null || !("code" in body)) {
      throw new Unreachable(url, new Error(`HTTP ${response.status} without a code`));
    }
    const seconds = Number(response.headers.get("retry-after"));
    throw new ClearbookError(body as WireError, response.status, seconds > 0 ? seconds * 1_000 : null);
  }
}
