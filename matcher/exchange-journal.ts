import { join } from "node:path";
import type { FileOperations } from "./journal/file-operations.ts";
import type { JournalIdentity } from "./journal/journal-identity.ts";
import { RecordLog } from "./journal/record-log.ts";
import type { SnapshotContent } from "./journal/snapshot-file.ts";
import { Snapshots } from "./journal/snapshots.ts";
import { BatchLog } from "./prover/batch-log.ts";
import { imageFrom, imageLines } from "./sequencer/exchange-image.ts";
import { ExchangeState, type ExchangeTerms } from "./sequencer/exchange-state.ts";
import type { Sequencer } from "./sequencer/sequencer.ts";

export interface ExchangeJournalOptions {
  readonly directory: string;
  readonly identity: JournalIdentity;
  /** Names of all parts that a snapshot must have beside the exchange's state. */
  readonly parts: readonly string[];
  readonly segmentBytes?: number;
  readonly everyCommands?: number;
  readonly files?: FileOperations;
  readonly onNotice?: (sentence: string) => void;
}

/** What a restart found. */
export interface Restored {
  /** Command of the snapshot that it began with; 0 without one. */
  readonly snapshotCommand: number;
  /** Commands that were executed again. */
  readonly replayed: number;
  readonly lastCommand: number;
}

/** Commands and batches of an exchange as they are on disk, in three folders: commands, batches, snapshots. */
export class ExchangeJournal {
  readonly log: RecordLog;
  readonly batches: BatchLog;
  readonly snapshots: Snapshots;
  readonly #batchRecords: RecordLog;
  readonly #onNotice: (sentence: string) => void;
  #found: SnapshotContent | undefined;
  #replaying = false;
  #onClose: () => void = () => {};

  private constructor(log: RecordLog, batchRecords: RecordLog, options: ExchangeJournalOptions) {
    const { directory, parts, segmentBytes: _, onNotice = () => {}, ...rest } = options;
    this.log = log;
    this.#batchRecords = batchRecords;
    this.batches = new BatchLog(batchRecords);
    this.#onNotice = onNotice;
    this.snapshots = new Snapshots({
      ...rest,
      onNotice,
      directory: join(directory, "snapshots"),
      parts: [EXCHANGE_PART, ...parts],
    });
  }

  /** Opens or begins a journal; every byte of it is checked. @throws JournalDamaged, JournalForeign; what the file system says */
  static async open(options: ExchangeJournalOptions): Promise<ExchangeJournal> {
    const { directory, parts: _, everyCommands: __, ...rest } = options;
    const log = await RecordLog.open({ ...rest, directory: join(directory, "commands") });
    try {
      const batches = await RecordLog.open({ ...rest, directory: join(directory, "batches") });
      return new ExchangeJournal(log, batches, options);
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  /**
   * The state to begin with: of the newest snapshot behind which every batch can be made again, or the one before the first command.
   * @param finalBatch number of the last batch that is final on L1
   */
  begin(terms: ExchangeTerms, finalBatch: number): ExchangeState {
    this.#found = this.snapshots.newest(this.log.lastRecord, finalBatch);
    const image = this.#found?.parts.get(EXCHANGE_PART);
    const firstRecord = this.log.firstRecord;
    if (image === undefined && firstRecord > 1) {
      throw new Error(
        `The journal begins with command ${firstRecord}, and the snapshot before it is missing or damaged.`,
      );
    }
    const state = new ExchangeState(terms, image === undefined ? undefined : imageFrom(image));
    this.snapshots.register({
      name: EXCHANGE_PART,
      moment: "accepted",
      take: () => imageLines(state),
      restore: () => {},
    });
    return state;
  }

  /** What the snapshot has for a part; undefined at the beginning. */
  foundPart(name: string) {
    return this.#found?.parts.get(name);
  }

  /**
   * Gives all parts their state back and executes the rest of the journal, telling everybody who listens. From here on snapshots are taken.
   * Call it once, after everything has registered and before anything new comes.
   * @param onHeld told of the records that are not executed again, because the snapshot has what they did
   * @throws ReplayDiverged; Error when the journal does not lead where it led
   */
  async replay(sequencer: Sequencer, onHeld?: (record: Uint8Array) => void): Promise<Restored> {
    const { log, snapshots } = this;
    const { state } = sequencer;
    if (this.#found !== undefined) snapshots.restore(this.#found);
    const snapshotCommand = this.#found?.command ?? 0;
    this.#found = undefined;
    sequencer.onAccepted(({ command, journalHead }) => {
      snapshots.accepted({ command, head: journalHead }, this.#replaying);
    });
    sequencer.onDurable(({ command }) => snapshots.durable(command));
    this.#replaying = true;
    let toldMs = performance.now();
    let sliceMs = toldMs;
    let number = Math.max(log.firstRecord, onHeld === undefined ? snapshotCommand + 1 : 1) - 1;
    for (const record of log.records(number + 1)) {
      number += 1;
      if (number <= snapshotCommand) onHeld?.(record);
      else sequencer.replay(record);
      const nowMs = performance.now();
      if (nowMs - toldMs > PROGRESS_EVERY_MS) {
        toldMs = nowMs;
        this.#onNotice(`Replayed ${state.commandCount} of ${log.lastRecord} commands.`);
      }
      if (nowMs - sliceMs < SLICE_MS) continue;
      await new Promise((resume) => setImmediate(resume));
      sliceMs = performance.now();
    }
    this.#replaying = false;
    if (state.commandCount !== log.lastRecord || state.journalHead !== log.head) {
      throw new Error(
        `The journal ends with command ${log.lastRecord}, and replaying it with another hash chain: its snapshot is of another journal.`,
      );
    }
    return { snapshotCommand, replayed: log.lastRecord - snapshotCommand, lastCommand: log.lastRecord };
  }

  /** Called once the files are closed. */
  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  /** Waits for what is under way, then closes the files. */
  async close(): Promise<void> {
    await this.snapshots.close();
    await this.#batchRecords.close();
    await this.log.close();
    this.#onClose();
  }
}

const EXCHANGE_PART = "exchange";
const PROGRESS_EVERY_MS = 2_000;
const SLICE_MS = 50;
