import { parentPort, workerData } from "node:worker_threads";
import { type HistoryBatch, HistoryDatabase, type HistoryMark } from "./database.ts";
import { answer, type HistoryRead, type ReadArguments } from "./store.ts";

export interface StoreWorkerData {
  path: string;
  identity: string;
}

/** To the worker. Questions and `sync` and `close` come after the batches before them. */
export type StoreRequest =
  | { type: "write"; batch: HistoryBatch }
  | { type: "read"; id: number; name: HistoryRead; args: unknown[] }
  | { type: "sync"; id: number }
  | { type: "close"; id: number };

/** From the worker: it is open, or will not be; a batch is written; writing fails and is tried again; an answer; a
 * defect; no answer while writing fails. */
export type StoreReply =
  | { type: "open"; mark: HistoryMark }
  | { type: "refused"; text: string }
  | { type: "written"; rows: number }
  | { type: "trouble"; text: string }
  | { type: "answer"; id: number; value: unknown }
  | { type: "error"; id: number; text: string }
  | { type: "unavailable"; id: number; text: string };

const RETRY_MS = 500;

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

if (parentPort !== null) {
  const port = parentPort;
  const say = (reply: StoreReply) => port.postMessage(reply);
  const { path, identity } = workerData as StoreWorkerData;
  const waiting: HistoryBatch[] = [];
  let trouble: string | null = null;

  /** Writes what waits, in order; what cannot be written stays first and is tried again. */
  const drain = (database: HistoryDatabase): void => {
    for (let batch = waiting[0]; batch !== undefined; batch = waiting[0]) {
      try {
        database.write(batch);
      } catch (thrown) {
        if (trouble === null) setTimeout(() => retry(database), RETRY_MS);
        trouble = textOf(thrown);
        say({ type: "trouble", text: trouble });
        return;
      }
      waiting.shift();
      say({ type: "written", rows: batch.rowCount });
    }
  };
  const retry = (database: HistoryDatabase): void => {
    trouble = null;
    drain(database);
  };

  const serve = (database: HistoryDatabase): void => {
    say({ type: "open", mark: database.mark() });
    port.on("message", (request: StoreRequest) => {
      if (request.type === "write") {
        waiting.push(request.batch);
        if (trouble === null) drain(database);
        return;
      }
      const { id } = request;
      if (request.type === "close") {
        if (trouble !== null) retry(database);
        database.close();
        say({ type: "answer", id, value: waiting.length === 0 });
        port.close();
        return;
      }
      // An answer without what waits would be wrong.
      if (trouble !== null) return say({ type: "unavailable", id, text: `the history cannot be written: ${trouble}` });
      try {
        if (request.type === "sync") database.sync();
        const { name, args } = request.type === "read" ? request : { name: null, args: [] };
        const value = name === null ? null : answer(database, name, args as ReadArguments<typeof name>);
        say({ type: "answer", id, value });
      } catch (thrown) {
        say({ type: "error", id, text: textOf(thrown) });
      }
    });
  };

  try {
    serve(new HistoryDatabase(path, identity));
  } catch (thrown) {
    say({ type: "refused", text: textOf(thrown) });
  }
}
