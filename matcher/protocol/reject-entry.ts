/** What a caller needs to understand and mend a refusal. */
export interface RejectEntry {
  /** Stable identifier, equal to its key in {@link REJECTS}. */
  readonly code: string;
  /** HTTP status of the API's answer. */
  readonly httpStatus: 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 503;
  /** Name of the offending field of the command, or null when no single field is to blame. */
  readonly field: string | null;
  readonly message: string;
  /** What the sender can do about it. */
  readonly remedy: string;
}
