import type { JsonRpcProvider } from "ethers";
import { EXCHANGE } from "./chain/contract-interfaces.ts";
import type { L1Event } from "./chain/l1-event.ts";
import type { SnapshotPart } from "./journal/snapshot-part.ts";
import { type Bytes32, ZERO_BYTES32 } from "./protocol/abi-hash.ts";
import { epochHash, epochRecord } from "./protocol/epoch-record.ts";
import { isRequest, linkQueueEntry } from "./protocol/queue-chain.ts";
import type { Tier } from "./protocol/spec.ts";
import type { Command } from "./sequencer/command.ts";
import type { Sequencer } from "./sequencer/sequencer.ts";

/** Hashes of so many epochs are kept to compare with. */
const EPOCHS_KEPT = 32;

/** L1 and the journal tell different stories of the queue or of an epoch. */
export class L1Contradicts extends Error {}

export const L1_PART = "l1";

/**
 * Turns confirmed events of L1 into commands, each once in the life of the exchange: what the journal has already is compared and passed
 * over, so that after a restart the watcher may begin at the first block.
 */
export class L1Follower {
  readonly #sequencer: Sequencer;
  readonly #tier: number;
  /** Entries that came before the first epoch: nothing can be in a batch then. */
  readonly #early: Extract<L1Event, { type: "queue" }>[] = [];
  /** Chain over the entries that the journal has. */
  #queueHash: Bytes32 = ZERO_BYTES32;
  #queueCursor = 0;
  readonly #epochHashes = new Map<number, Bytes32>();

  /** @param largest of the tiers in use: what one batch can do for a request */
  constructor(sequencer: Sequencer, largest: Tier) {
    this.#sequencer = sequencer;
    this.#tier = largest.id;
    sequencer.onDurable((_, command) => this.#note(command));
  }

  /** Takes the next event. @throws L1Contradicts; what the sequencer says of a command that cannot follow */
  take(event: L1Event): void {
    if (event.type === "epoch") this.#takeEpoch(event);
    else if (event.type === "queue") this.#takeEntry(event);
  }

  /** What is kept over a restart. */
  part(): SnapshotPart {
    return {
      name: L1_PART,
      moment: "durable",
      take: () => [[this.#queueCursor, this.#queueHash, [...this.#epochHashes]]],
      restore: (values) => {
        const [[cursor, hash, epochs]] = values as unknown as [[number, Bytes32, [number, Bytes32][]]];
        this.#queueCursor = cursor;
        this.#queueHash = hash;
        for (const [number, epoch] of epochs) this.#epochHashes.set(number, epoch);
      },
    };
  }

  /** Compares what the journal has with what the contract says now. @throws L1Contradicts */
  async check(provider: JsonRpcProvider, exchange: string): Promise<void> {
    const ask = async (method: string, value: number): Promise<string> => {
      const answer = await provider.call({ to: exchange, data: EXCHANGE.encodeFunctionData(method, [value]) });
      return String(EXCHANGE.decodeFunctionResult(method, answer)[0]).toLowerCase();
    };
    if (this.#queueCursor > 0) {
      const found = await ask("queueHashAt", this.#queueCursor).catch(() => "fewer entries");
      if (found !== this.#queueHash) {
        throw new L1Contradicts(
          `The journal has ${this.#queueCursor} entries of the L1 queue, and the contract has others (${found}).`,
        );
      }
    }
    for (const [number, hash] of this.#epochHashes) this.#compareEpoch(number, await ask("epochHash", number), hash);
  }

  #takeEpoch({ epoch }: Extract<L1Event, { type: "epoch" }>): void {
    const { state } = this.#sequencer;
    if (epoch.number <= state.epochNumber) {
      const known = this.#epochHashes.get(epoch.number);
      if (known !== undefined) this.#compareEpoch(epoch.number, epochHash(epochRecord(epoch)), known);
      return;
    }
    this.#sequencer.apply({ type: "epoch", epoch });
    for (const early of this.#early.splice(0)) this.#takeEntry(early);
  }

  #takeEntry(event: Extract<L1Event, { type: "queue" }>): void {
    const { entry, cursor, queueHash } = event;
    const { state } = this.#sequencer;
    if (cursor < state.desk.cursor) {
      if (cursor + 1 === this.#queueCursor && queueHash.toLowerCase() !== this.#queueHash) {
        throw new L1Contradicts(`Entry ${cursor} of the L1 queue is not the one that the journal has.`);
      }
      return;
    }
    if (state.epochNumber === 0) this.#early.push(event);
    else this.#sequencer.apply({ type: "queue", entry, cursor, ...(isRequest(entry) ? { tier: this.#tier } : {}) });
  }

  #compareEpoch(number: number, found: string, known: Bytes32): void {
    if (found === known) return;
    throw new L1Contradicts(`Epoch ${number} on L1 (${found}) is not the one that the journal has (${known}).`);
  }

  #note(command: Command): void {
    if (command.type === "queue") {
      this.#queueHash = linkQueueEntry(this.#queueHash, command.entry);
      this.#queueCursor = command.cursor + 1;
    } else if (command.type === "epoch") {
      this.#epochHashes.set(command.epoch.number, epochHash(epochRecord(command.epoch)));
      this.#epochHashes.delete(command.epoch.number - EPOCHS_KEPT);
    }
  }
}
