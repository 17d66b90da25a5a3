import { join } from "node:path";
import { type FileOperations, REAL_FILES } from "./file-operations.ts";
import { JournalForeign } from "./journal-damaged.ts";
import type { JournalIdentity } from "./journal-identity.ts";
import {
  readSnapshot,
  type SnapshotContent,
  SnapshotDamaged,
  type SnapshotMoment,
  snapshotName,
  snapshotsIn,
  type TakenPart,
  writeSnapshot,
} from "./snapshot-file.ts";
import type { SnapshotPart } from "./snapshot-part.ts";

export interface SnapshotsOptions {
  readonly directory: string;
  readonly identity: JournalIdentity;
  /** Names of all parts: a snapshot that lacks one would bring it back empty. */
  readonly parts: readonly string[];
  readonly files?: FileOperations;
  /** A snapshot is taken once so many commands came since the last one. */
  readonly everyCommands?: number;
  /** Newest ones that stay, beside the one that a restart needs. */
  readonly keep?: number;
  readonly onNotice?: (sentence: string) => void;
}

/** Where the exchange is when a snapshot may be taken. */
export type AcceptedMoment = Omit<SnapshotMoment, "batch">;

/** What the chain side says about batches: a restart needs a snapshot behind which every batch is still to come or known in full. */
export interface SnapshotBatches {
  /** Number of the last batch cut. */
  readonly cut: () => number;
  /** Number of the last batch that is final on L1. */
  readonly final: () => number;
}

const DEFAULT_EVERY_COMMANDS = 20_000;
const DEFAULT_KEEP = 3;
const NO_BATCHES: SnapshotBatches = { cut: () => 0, final: () => 0 };

interface Taking {
  readonly moment: AcceptedMoment;
  readonly parts: TakenPart[];
  readonly done: (error?: unknown) => void;
  /** All parts are taken, and it is being written. */
  isComplete: boolean;
}

/**
 * Takes snapshots of everything that registered, at a command, and finds the one to restart from. A snapshot only saves time: what it
 * holds follows from the journal, so that a damaged one is passed over and one that cannot be written is no reason to stop.
 */
export class Snapshots {
  readonly directory: string;
  readonly #options: SnapshotsOptions;
  readonly #files: FileOperations;
  readonly #parts: SnapshotPart[] = [];
  readonly #stores: ((command: number) => Promise<void>)[] = [];
  /** Number of the last batch in each file. */
  readonly #batchOf = new Map<number, number>();
  #batches = NO_BATCHES;
  #last = 0;
  #accepted: AcceptedMoment | undefined;
  #durable = 0;
  #taking: Taking | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SnapshotsOptions) {
    this.directory = options.directory;
    this.#options = options;
    this.#files = options.files ?? REAL_FILES;
    this.#files.makeDirectory(options.directory);
  }

  /**
   * Adds something to be kept. All parts register before the restart's commands come.
   * @throws RangeError for a name that is taken, or was not declared
   */
  register(part: SnapshotPart): void {
    if (!this.#options.parts.includes(part.name)) throw new RangeError(`no snapshot is to have a part ${part.name}`);
    if (this.#parts.some(({ name }) => name === part.name)) throw new RangeError(`two parts are named ${part.name}`);
    this.#parts.push(part);
  }

  /** Adds a store with a disk of its own: a snapshot of a command counts only once the store has everything through it. */
  beforeSnapshot(store: (command: number) => Promise<void>): void {
    this.#stores.push(store);
  }

  /** Tells where batches stand. */
  follow(batches: SnapshotBatches): void {
    this.#batches = batches;
  }

  /** To be told of every accepted command, after all other listeners. Replayed ones lead to no snapshot. */
  accepted(moment: AcceptedMoment, isReplay = false): void {
    this.#accepted = moment;
    const { everyCommands = DEFAULT_EVERY_COMMANDS } = this.#options;
    if (!isReplay && this.#taking === undefined && moment.command - this.#last >= everyCommands) void this.take();
  }

  /** To be told of every durable command, after all other listeners. */
  durable(command: number): void {
    this.#durable = command;
    if (this.#taking?.moment.command === command) this.#complete(this.#taking);
  }

  /**
   * Takes a snapshot of the last accepted command now. Resolves when it is on disk, or was given up with a notice.
   * At a graceful stop it follows the last command; what comes later is found in the journal.
   */
  take(): Promise<void> {
    const moment = this.#accepted;
    if (moment === undefined || moment.command === this.#last || this.#taking !== undefined) return this.#writing;
    this.#last = moment.command;
    this.#writing = new Promise<void>((resolve) => {
      const done = (error?: unknown) => {
        this.#taking = undefined;
        if (error !== undefined) {
          const text = error instanceof Error ? error.message : String(error);
          this.#options.onNotice?.(`No snapshot of command ${moment.command}: ${text}`);
        }
        resolve();
      };
      this.#taking = { moment, parts: [], done, isComplete: false };
      try {
        this.#takeParts(this.#taking, "accepted");
        if (this.#durable === moment.command) this.#complete(this.#taking);
      } catch (error) {
        done(error);
      }
    });
    return this.#writing;
  }

  /**
   * The newest snapshot that can be read, has every part that registered, and lies behind no batch that L1 may still lack.
   * @param lastCommand of the journal
   * @param finalBatch number of the last batch that is final on L1
   * @throws JournalForeign; Error for a snapshot of a command that the journal does not have
   */
  newest(lastCommand: number, finalBatch: number): SnapshotContent | undefined {
    const { identity, onNotice } = this.#options;
    for (const command of snapshotsIn(this.#files, this.directory)) {
      if (command > lastCommand) {
        const name = join(this.directory, snapshotName(command));
        throw new Error(`${name} is of a command that the journal does not have: it ends with command ${lastCommand}.`);
      }
      try {
        const found = readSnapshot(this.#files, this.directory, identity, command);
        this.#batchOf.set(command, found.batch);
        const missing = this.#options.parts.find((name) => !found.parts.has(name));
        if (missing !== undefined) throw new SnapshotDamaged(snapshotName(command), `it has no part ${missing}`);
        if (found.batch > finalBatch) continue;
        this.#last = command;
        return found;
      } catch (error) {
        if (error instanceof JournalForeign) throw error;
        onNotice?.(`${(error as Error).message}: an older one is taken, or the journal from its beginning.`);
      }
    }
    return undefined;
  }

  /** Gives every part its state back. */
  restore({ parts }: SnapshotContent): void {
    for (const part of this.#parts) part.restore(parts.get(part.name) ?? []);
  }

  /** Waits for what is being written. One whose command never became durable is given up. */
  async close(): Promise<void> {
    if (this.#taking?.isComplete === false) this.#taking.done(new Error("the journal is closed"));
    await this.#writing;
  }

  #takeParts({ parts }: Taking, moment: SnapshotPart["moment"]): void {
    const absent = this.#options.parts.filter((name) => !this.#parts.some((part) => part.name === name));
    if (absent.length > 0) throw new Error(`nobody registered for ${absent.join(", ")}`);
    for (const part of this.#parts) {
      if (part.moment === moment) parts.push({ name: part.name, values: part.take() });
    }
  }

  #complete(taking: Taking): void {
    taking.isComplete = true;
    try {
      this.#takeParts(taking, "durable");
      const moment = { ...taking.moment, batch: this.#batches.cut() };
      this.#write(moment, taking.parts).then(() => taking.done(), taking.done);
    } catch (error) {
      taking.done(error);
    }
  }

  async #write(moment: SnapshotMoment, parts: readonly TakenPart[]): Promise<void> {
    const { directory, identity } = this.#options;
    await Promise.all(this.#stores.map((store) => store(moment.command)));
    await writeSnapshot(this.#files, directory, identity, moment, parts);
    this.#batchOf.set(moment.command, moment.batch);
    this.#prune();
  }

  /** The newest few stay, and the newest that a restart could begin with at this moment. */
  #prune(): void {
    const { keep = DEFAULT_KEEP } = this.#options;
    const commands = snapshotsIn(this.#files, this.directory);
    const final = this.#batches.final();
    const base = commands.find((command) => (this.#batchOf.get(command) ?? 0) <= final);
    for (const command of commands.slice(keep)) {
      if (command !== base) this.#files.remove(join(this.directory, snapshotName(command)));
    }
  }
}
