import type { FastifyInstance } from "fastify";
import { Rejection } from "../api/api-error.ts";

const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Stands before the traders' API: counts what is answered, and once it is closed lets reads through only. */
export class RequestGate {
  #closed = false;
  /** Commands that are not answered yet. */
  #inFlight = 0;
  #whenIdle: (() => void) | undefined;
  readonly #responses = new Map<string, number>();

  constructor(app: FastifyInstance) {
    // No promises: the hooks run for every order.
    app.addHook("onRequest", ({ method }, { raw }, done) => {
      if (READS.has(method)) return done();
      this.#inFlight++;
      // An answer that was sent and a client that has gone both end here.
      raw.once("close", () => {
        this.#inFlight--;
        if (this.#inFlight === 0) this.#whenIdle?.();
      });
      if (this.#closed) done(new Rejection("SHUTTING_DOWN"));
      else done();
    });
    app.addHook("onResponse", (_request, { statusCode }, done) => {
      this.#count(statusCode);
      done();
    });
  }

  /** Refuses commands from now on. */
  close(): void {
    this.#closed = true;
  }

  /** Until every command that came before is answered, or the time is over. @returns whether all were */
  async idle(limitMs: number): Promise<boolean> {
    if (this.#inFlight === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      timer = setTimeout(resolve, limitMs);
    });
    clearTimeout(timer);
    return this.#inFlight === 0;
  }

  /** Answers by the class of their status: "2xx". */
  get responses(): ReadonlyMap<string, number> {
    return this.#responses;
  }

  #count(status: number): void {
    const name = `${Math.floor(status / 100)}xx`;
    this.#responses.set(name, (this.#responses.get(name) ?? 0) + 1);
  }
}
