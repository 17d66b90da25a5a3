import { RECEIPT_GROUP_MAX, type Receipt } from "../protocol/receipt.ts";
import type { ReceiptGroup } from "../protocol/receipt-group.ts";
import { type ChainedRecord, JournalDigests } from "./journal-digests.ts";
import type { GroupSigner } from "./receipt-signer.ts";

export interface ReceiptBookOptions {
  signer: GroupSigner;
  /** Signed groups that are remembered, so that the same is not signed again. */
  groupsMax?: number;
  /** Least time between two signatures; whoever comes meanwhile shares the next one. */
  spacingMs?: number;
}

interface Waiting {
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (reason: unknown) => void;
}

interface SignedGroup extends ReceiptGroup {
  readonly signature: string;
}

const DEFAULT_GROUPS_MAX = 8_192;
const DEFAULT_SPACING_MS = 4;

/**
 * Gives receipts. Signs only when somebody asks, and then once for all who ask while the last signature is being made and for a moment
 * after it: alone, a command waits for nothing; under load a signature serves many. A command of the past gets a receipt as well, also
 * after a restart: what a signature is of can be computed from the digests.
 */
export class ReceiptBook {
  readonly digests = new JournalDigests();
  private readonly signer: GroupSigner;
  private readonly groupsMax: number;
  private readonly spacingMs: number;
  /** By their last command, the oldest signature first. */
  private readonly groups = new Map<number, SignedGroup>();
  /** Acknowledgements wait for these. */
  private readonly urgent = new Map<number, Waiting[]>();
  /** Of the past: never before an acknowledgement. */
  private readonly patient = new Map<number, Waiting[]>();
  private signing = false;
  /** Signatures made so far. */
  signatureCount = 0;

  constructor({ signer, groupsMax = DEFAULT_GROUPS_MAX, spacingMs = DEFAULT_SPACING_MS }: ReceiptBookOptions) {
    this.signer = signer;
    this.groupsMax = groupsMax;
    this.spacingMs = spacingMs;
  }

  /** Address of the key that signs. */
  get signerAddress(): string {
    return this.signer.address;
  }

  /** Takes in the next durable command. @throws RangeError when it does not follow the last one */
  record(accepted: ChainedRecord): void {
    this.digests.record(accepted);
  }

  /**
   * The receipt that an acknowledgement waits for.
   * @throws (rejects) RangeError for a command that is not durable or too old to be known; whatever ends the signer
   */
  receiptOf(command: number): Promise<Receipt> {
    return this.ask(command, this.urgent);
  }

  /** Receipts of consecutive commands, as far as there are any. */
  receiptsFrom(from: number, limit: number): Promise<Receipt[]> {
    const { firstCommand, lastCommand } = this.digests;
    const first = Math.max(from, firstCommand);
    const count = Math.max(0, Math.min(limit, lastCommand - first + 1));
    return Promise.all(Array.from({ length: count }, (_, i) => this.ask(first + i, this.patient)));
  }

  private ask(command: number, waiting: Map<number, Waiting[]>): Promise<Receipt> {
    if (!this.digests.has(command)) {
      return Promise.reject(new RangeError(`there is no durable command ${command} to give a receipt of`));
    }
    const group = this.groupOf(command);
    if (group !== undefined) return Promise.resolve(this.receipt(command, group));
    return new Promise((resolve, reject) => {
      const entry = { resolve, reject };
      const others = waiting.get(command);
      if (others === undefined) waiting.set(command, [entry]);
      else others.push(entry);
      if (!this.signing) {
        this.signing = true;
        // Everybody who asks in this turn of the event loop shares the signature.
        setImmediate(() => this.signNext());
      }
    });
  }

  /** A signed group that a command is in, or whose path it can be on. */
  private groupOf(command: number): SignedGroup | undefined {
    for (let last = command; last < command + RECEIPT_GROUP_MAX; last++) {
      const group = this.groups.get(last);
      if (group !== undefined) return group;
    }
    return undefined;
  }

  private signNext(): void {
    const waiting = this.urgent.size > 0 ? this.urgent : this.patient;
    if (waiting.size === 0) {
      this.signing = false;
      return;
    }
    // From the oldest that is asked for, as far as a path may reach.
    let oldest = Number.POSITIVE_INFINITY;
    for (const command of waiting.keys()) oldest = Math.min(oldest, command);
    const lastCommand = Math.min(oldest + RECEIPT_GROUP_MAX - 1, this.digests.lastCommand);
    const group = { lastCommand, journalHead: this.digests.headAfter(lastCommand) };
    const served: [number, Waiting[]][] = [];
    for (const [command, entries] of waiting) {
      if (command > lastCommand) continue;
      served.push([command, entries]);
      waiting.delete(command);
    }
    // A group that was asked for twice is signed once.
    const known = this.groups.get(lastCommand);
    if (known !== undefined) {
      this.serve(served, known);
      this.signNext();
      return;
    }
    const startedMs = performance.now();
    this.signer.sign(group).then(
      (signature) => {
        const signed = { ...group, signature };
        this.keep(signed);
        this.serve(served, signed);
        const restMs = this.spacingMs - (performance.now() - startedMs);
        if (restMs <= 0 || this.urgent.size >= RECEIPT_GROUP_MAX) setImmediate(() => this.signNext());
        else setTimeout(() => this.signNext(), restMs);
      },
      (error: unknown) => {
        for (const [, entries] of [...served, ...this.urgent, ...this.patient]) {
          for (const { reject } of entries) reject(error);
        }
        this.urgent.clear();
        this.patient.clear();
        this.signing = false;
      },
    );
  }

  private serve(served: readonly [number, Waiting[]][], group: SignedGroup): void {
    for (const [command, entries] of served) {
      const receipt = this.receipt(command, group);
      for (const { resolve } of entries) resolve(receipt);
    }
  }

  private keep(group: SignedGroup): void {
    this.signatureCount += 1;
    this.groups.set(group.lastCommand, group);
    if (this.groups.size <= this.groupsMax) return;
    const [oldest] = this.groups.keys();
    this.groups.delete(oldest as number);
  }

  private receipt(command: number, { lastCommand, journalHead, signature }: SignedGroup): Receipt {
    const { digests } = this;
    const path: bigint[] = [];
    for (let next = command + 1; next <= lastCommand; next++) path.push(digests.digest(next));
    return {
      command,
      acceptedAtMs: digests.acceptedAtMs(command),
      previousHead: digests.headAfter(command - 1),
      digest: digests.digest(command),
      head: digests.headAfter(command),
      path,
      lastCommand,
      groupHead: journalHead,
      signature,
    };
  }
}
