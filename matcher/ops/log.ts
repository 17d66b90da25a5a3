import pino, { type DestinationStream, type Logger } from "pino";
import { Secrets } from "./secrets.ts";

export type { Logger } from "pino";

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  /** A file to add to; stderr without it. */
  readonly file?: string | undefined;
  readonly secrets?: Secrets;
  /** Where whole lines go instead. */
  readonly write?: (line: string) => void;
}

/**
 * One JSON object a line: time (ISO 8601), level, component, msg, and what belongs to it. Written at once, so that the last words of a
 * process are never lost; that is affordable because nothing is logged per order. Secrets are taken out of every line.
 */
export function createLog({ level, file, secrets = new Secrets(), write }: LogOptions): Logger {
  const put = write ?? fileWriter(file);
  const scrubbing: DestinationStream = { write: (line: string) => put(secrets.scrubbed(line)) };
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    scrubbing,
  );
}

function fileWriter(file: string | undefined): (line: string) => void {
  const out = pino.destination({ dest: file ?? 2, append: true, mkdir: true, sync: true });
  return (line) => out.write(line);
}
