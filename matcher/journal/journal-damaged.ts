/** Where a journal is not what was written: nobody may guess what was lost, so nothing starts from it. */
export interface Damage {
  readonly path: string;
  readonly atByte: number;
  /** Number of the record there, or of the next one. */
  readonly record: number;
  readonly what: string;
}

/** A journal that was changed since it was acknowledged. */
export class JournalDamaged extends Error {
  readonly damage: Damage;
  constructor(damage: Damage) {
    const { path, atByte, record, what } = damage;
    super(`${path} is damaged at byte ${atByte}, record ${record}: ${what}. Restore the journal from a copy.`);
    this.name = "JournalDamaged";
    this.damage = damage;
  }
}

/** A journal that is whole, but of another exchange, format or circuit. */
export class JournalForeign extends Error {
  constructor(message: string) {
    super(message);
    this.name = "JournalForeign";
  }
}

/** The disk did not take what had to be written. What is not on disk must not be acknowledged, ever: this is the end of the journal. */
export class JournalFailed extends Error {
  constructor(path: string, cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(
      `${path} cannot be written (${text}). Nothing more is acknowledged, everything acknowledged before is safe; ` +
        "make room or replace the disk, then restart.",
      { cause },
    );
    this.name = "JournalFailed";
  }
}
