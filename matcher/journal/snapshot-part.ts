/** JSON: no bigints, no undefined. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * Something that is kept from one life of the process to the next beside the exchange's own state: a read model, a position, a set of
 * sessions. After a restart it is what it was at the snapshot's command, and hears of every later command as it did before.
 */
export interface SnapshotPart {
  /** Unique, and stable: snapshots find their parts by it. */
  readonly name: string;
  /**
   * When it is to be asked: as soon as the command was accepted (a part that follows `onAccepted`), or once it is durable (a part
   * that follows `onDurable`). Nothing later has reached the part then.
   */
  readonly moment: "accepted" | "durable";
  /** Its state, one value a line. It is read in slices later, so it must not see what changes after this call. */
  take(): Iterable<Json>;
  /** Takes the state back, before any later command comes. @throws Error for values that it did not write */
  restore(values: readonly Json[]): void;
}
