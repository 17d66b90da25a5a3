import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { ReportedRound } from "../protocol/price-report.ts";
import { parseReport, ReportRefused, type RoundCollector } from "./round-collector.ts";

const BODY_LIMIT_BYTES = 4_096;
const PATH = "/oracle/reports";

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

function answer(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/**
 * The operator's own door, apart from the public API and on loopback only: POST /oracle/reports takes signed price reports.
 * Who may report is decided by the signature, not by the connection.
 */
export class ReportEndpoint {
  readonly #server: Server;
  #accepted = 0;
  #refused = 0;

  constructor(collector: RoundCollector, onRound: (round: ReportedRound) => void) {
    this.#server = createServer((request, response) => {
      this.#handle(request, collector, onRound).then(
        ({ status, body }) => answer(response, status, body),
        () => answer(response, 500, { error: "the report could not be taken" }),
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
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    if (request.url !== PATH) return { status: 404, body: { error: `there is only ${PATH}` } };
    if (request.method !== "POST") return { status: 405, body: { error: "send reports with POST" } };
    try {
      const round = collector.offer(parseReport(await bodyOf(request)));
      this.#accepted++;
      if (round !== undefined) onRound(round);
      return { status: 200, body: { complete: round !== undefined } };
    } catch (error) {
      if (!(error instanceof ReportRefused)) throw error;
      this.#refused++;
      return { status: 422, body: { error: error.message } };
    }
  }
}
