import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { ReportedRound } from "../protocol/price-report.ts";
import { parseReport, ReportRefused, type RoundCollector } from "./round-collector.ts";

const BODY_LIMIT_BYTES = 4_096;
const PATH = "/oracle/reports";

/** A page of the operator's door. */
export interface PageAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** By path, for GET. */
export type OperatorPages = Readonly<Record<string, () => PageAnswer | Promise<PageAnswer>>>;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > BODY_LIMIT_BYTES) throw new ReportRefused(`the report is longer than ${BODY_LIMIT_BYTES} bytes`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new ReportRefused("the body is not JSON");
  }
}

function answer(response: ServerResponse, { status, contentType, text }: PageAnswer): void {
  response.writeHead(status, { "content-type": contentType, "cache-control": "no-store" }).end(text);
}

function json(status: number, body: Record<string, unknown>): PageAnswer {
  return { status, contentType: "application/json", text: JSON.stringify(body) };
}

/**
 * The operator's own door, apart from the public API and on loopback only: POST /oracle/reports takes signed price reports.
 * Who may report is decided by the signature, not by the connection. What else the operator looks at is handed in as pages.
 */
export class ReportEndpoint {
  readonly #server: Server;
  readonly #pages: OperatorPages;
  #accepted = 0;
  #refused = 0;

  constructor(collector: RoundCollector, onRound: (round: ReportedRound) => void, pages: OperatorPages = {}) {
    this.#pages = pages;
    this.#server = createServer((request, response) => {
      this.#handle(request, collector, onRound).then(
        (page) => answer(response, page),
        () => answer(response, json(500, { error: "the report could not be taken" })),
      );
    });
  }

  /** @returns the port, chosen by the system for 0. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", () => {
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  status(): { accepted: number; refused: number } {
    return { accepted: this.#accepted, refused: this.#refused };
  }

  async #handle(
    request: IncomingMessage,
    collector: RoundCollector,
    onRound: (round: ReportedRound) => void,
  ): Promise<PageAnswer> {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const page = Object.hasOwn(this.#pages, path) ? this.#pages[path] : undefined;
    if (page !== undefined) return request.method === "GET" ? page() : json(405, { error: "read pages with GET" });
    if (path !== PATH) {
      const there = [PATH, ...Object.keys(this.#pages)].join(", ");
      return json(404, { error: `there is only ${there}` });
    }
    if (request.method !== "POST") return json(405, { error: "send reports with POST" });
    try {
      const round = collector.offer(parseReport(await bodyOf(request)));
      this.#accepted++;
      if (round !== undefined) onRound(round);
      return json(200, { complete: round !== undefined });
    } catch (error) {
      if (!(error instanceof ReportRefused)) throw error;
      this.#refused++;
      return json(422, { error: error.message });
    }
  }
}
