/** A line of a child as a person reads it. */
export interface LogLine {
  readonly text: string;
  /** Worth the terminal's attention: a warning or an error, or no line of a log at all. */
  readonly isComplaint: boolean;
}

const COMPLAINTS: ReadonlySet<unknown> = new Set(["warn", "error", "fatal"]);

/** Of a JSON log line its level and its sentence; anything else is what it is. */
export function readLogLine(line: string): LogLine {
  if (!line.startsWith('{"level":')) return { text: line, isComplaint: true };
  try {
    const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown };
    if (typeof msg === "string") return { text: msg, isComplaint: COMPLAINTS.has(level) };
  } catch {
    // A line that was cut is shown as it is.
  }
  return { text: line, isComplaint: true };
}
