import type { FastifyError } from "fastify";
import { REJECTS } from "../protocol/reject.ts";
import { SequencerHalted } from "../sequencer/sequencer.ts";
import { Rejection } from "./api-error.ts";
import { HistoryUnavailable } from "./history/store.ts";
import { type SchemaViolation, violationCode } from "./schema.ts";

/** The refusal that an error stands for, or null when it is a defect. */
export function rejectionOf(error: unknown): Rejection | null {
  if (error instanceof Rejection) return error;
  if (error instanceof HistoryUnavailable) return new Rejection("HISTORY_UNAVAILABLE");
  if (error instanceof SequencerHalted) return new Rejection("HALTED", { detail: error.message });
  if (typeof error !== "object" || error === null) return null;
  const { validation, code, statusCode } = error as Partial<FastifyError>;
  const violation = validation?.[0] as SchemaViolation | undefined;
  if (violation !== undefined) {
    const { code, field, detail } = violationCode(violation);
    // When the code's own entry has the field, its words are enough.
    return new Rejection(code, REJECTS[code].field === field ? { detail } : { field, detail });
  }
  // Nobody is left to be told, and nothing is wrong with us.
  if (code === "ECONNRESET") return new Rejection("MALFORMED", { detail: "the connection ended before the body" });
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return new Rejection("BODY_TOO_LARGE");
  if (code?.startsWith("FST_ERR_") && statusCode !== undefined && statusCode < 500) {
    return new Rejection("MALFORMED", { detail: (error as Error).message });
  }
  return null;
}
