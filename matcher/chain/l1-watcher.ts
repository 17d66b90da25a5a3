import type { JsonRpcProvider } from "ethers";
import { type Bytes32, ZERO_BYTES32 } from "../protocol/abi-hash.ts";
import { linkQueueEntry } from "../protocol/queue-chain.ts";
import { type L1Event, type LogPosition, readLog } from "./l1-event.ts";

export interface L1WatcherOptions {
  readonly provider: JsonRpcProvider;
  readonly exchange: string;
  /** Block of the Exchange's creation. */
  readonly firstBlock: number;
  /** An event counts once this many blocks stand above its own. */
  readonly confirmations: number;
  readonly pollMs?: number;
  /** Blocks asked for at once. */
  readonly rangeBlocks?: number;
  /** Called for one event after the other, in the order of the chain; the next one waits for the answer. */
  readonly onEvent: (event: L1Event, at: LogPosition) => Promise<void> | void;
  /** Called once, when going on would be wrong. */
  readonly onHalt: (halt: WatcherHalt) => void;
}

/** Why the watcher stopped for good. */
export interface WatcherHalt {
  readonly reason: "reorg" | "queue-gap" | "epoch-gap" | "unreadable-event" | "handler-failed";
  /** One sentence for the operator. */
  readonly report: string;
  /** Last block whose events were delivered. */
  readonly cursorBlock: number;
}

export interface WatcherStatus {
  readonly state: "running" | "halted" | "stopped";
  readonly headBlock: number;
  /** Events up to here were delivered. */
  readonly cursorBlock: number;
  readonly queueCursor: number;
  readonly epochNumber: number;
  /** Of the last failed question, if the last one failed. */
  readonly lastError: string | undefined;
}

class Halt extends Error {
  readonly reason: WatcherHalt["reason"];
  constructor(reason: WatcherHalt["reason"], report: string) {
    super(report);
    this.reason = reason;
  }
}

const REMEMBERED_BLOCKS = 512;

/**
 * Reads the Exchange's events from confirmed blocks, each once and in order. What was delivered cannot be taken back: the
 * sequencer has acted on it. So when the chain replaces a block at or below the cursor, the watcher halts with a report
 * instead of guessing; a deeper confirmation depth is the remedy.
 */
export class L1Watcher {
  readonly #options: Required<L1WatcherOptions>;
  /** Hash of each block up to which events were delivered, to find out how deep a reorganisation went. */
  readonly #delivered = new Map<number, string>();
  #headBlock = 0;
  #cursorBlock: number;
  #queueCursor = 0;
  #queueHash: Bytes32 = ZERO_BYTES32;
  #epochNumber = 0;
  #state: WatcherStatus["state"] = "running";
  #lastError: string | undefined;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(options: L1WatcherOptions) {
    this.#options = { pollMs: 200, rangeBlocks: 2_000, ...options };
    this.#cursorBlock = options.firstBlock - 1;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends after the event that is being delivered. */
  async stop(): Promise<void> {
    if (this.#state === "running") this.#state = "stopped";
    this.#wake?.();
    await this.#running;
  }

  status(): WatcherStatus {
    return {
      state: this.#state,
      headBlock: this.#headBlock,
      cursorBlock: this.#cursorBlock,
      queueCursor: this.#queueCursor,
      epochNumber: this.#epochNumber,
      lastError: this.#lastError,
    };
  }

  async #run(): Promise<void> {
    while (this.#state === "running") {
      let caughtUp = true;
      try {
        caughtUp = await this.#advance();
        this.#lastError = undefined;
      } catch (error) {
        if (error instanceof Halt) return this.#halt(error);
        // The chain did not answer, or not sensibly: nothing was delivered, so asking again is safe.
        this.#lastError = error instanceof Error ? error.message : String(error);
      }
      if (caughtUp && this.#state === "running") await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.pollMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #halt(halt: Halt): void {
    this.#state = "halted";
    this.#options.onHalt({ reason: halt.reason, report: halt.message, cursorBlock: this.#cursorBlock });
  }

  /** Delivers one range of blocks. @returns whether nothing is left. */
  async #advance(): Promise<boolean> {
    const { provider, exchange, confirmations, rangeBlocks } = this.#options;
    this.#headBlock = await provider.getBlockNumber();
    await this.#checkCursor();
    const confirmedBlock = this.#headBlock - confirmations;
    const from = this.#cursorBlock + 1;
    if (from > confirmedBlock) return true;
    const to = Math.min(confirmedBlock, from + rangeBlocks - 1);
    const endBefore = await this.#hashOf(to);
    const logs = await provider.getLogs({ address: exchange, fromBlock: from, toBlock: to });
    // The range must have been the same chain all the while; else the next round asks again.
    const endAfter = await this.#hashOf(to);
    if (endBefore === undefined || endBefore !== endAfter) return false;
    await this.#checkCursor();
    for (const log of logs) {
      if (log.blockNumber === to && log.blockHash !== endAfter) return false;
    }
    for (const log of logs) {
      const at = {
        blockNumber: log.blockNumber,
        blockHash: log.blockHash,
        transactionHash: log.transactionHash,
        logIndex: log.index,
      };
      await this.#deliver(log, at);
    }
    this.#cursorBlock = to;
    this.#delivered.set(to, endAfter);
    for (const block of this.#delivered.keys()) {
      if (this.#delivered.size <= REMEMBERED_BLOCKS) break;
      this.#delivered.delete(block);
    }
    return to === confirmedBlock;
  }

  async #hashOf(block: number): Promise<string | undefined> {
    return (await this.#options.provider.getBlock(block))?.hash ?? undefined;
  }

  /** One comparison covers all blocks below: each block's hash covers its parent's. */
  async #checkCursor(): Promise<void> {
    const expected = this.#delivered.get(this.#cursorBlock);
    if (expected === undefined) return;
    const found = await this.#hashOf(this.#cursorBlock);
    if (found === expected) return;
    // The head may be below the cursor for a moment while the chain is replaced: that is a reorganisation, too.
    let common: number | undefined;
    for (const [block, hash] of [...this.#delivered].reverse()) {
      if ((await this.#hashOf(block)) !== hash) continue;
      common = block;
      break;
    }
    const depth = common === undefined ? "deeper than is remembered" : `back to block ${common}`;
    throw new Halt(
      "reorg",
      `The chain replaced block ${this.#cursorBlock}, whose events had been acted on (${depth}): nothing more is read; ` +
        `raise the confirmations (now ${this.#options.confirmations}) and restart from the journal.`,
    );
  }

  async #deliver(log: Parameters<typeof readLog>[0], at: LogPosition): Promise<void> {
    let event: L1Event | undefined;
    try {
      event = readLog(log);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Halt("unreadable-event", `An event in ${at.transactionHash} cannot be read (${reason}).`);
    }
    if (event === undefined) return;
    if (event.type === "queue") this.#follow(event);
    if (event.type === "epoch") {
      if (event.epoch.number !== this.#epochNumber + 1) {
        throw new Halt("epoch-gap", `Epoch ${event.epoch.number} came after epoch ${this.#epochNumber}.`);
      }
      this.#epochNumber = event.epoch.number;
    }
    try {
      await this.#options.onEvent(event, at);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Halt("handler-failed", `The ${event.type} event of block ${at.blockNumber} was refused: ${reason}`);
    }
  }

  /** The queue's hash chain proves that no entry was missed or reordered on the way here. */
  #follow({ cursor, entry, queueHash }: Extract<L1Event, { type: "queue" }>): void {
    if (cursor !== this.#queueCursor) {
      throw new Halt("queue-gap", `Queue entry ${cursor} came where ${this.#queueCursor} was expected.`);
    }
    const linked = linkQueueEntry(this.#queueHash, entry);
    if (linked !== queueHash.toLowerCase()) {
      throw new Halt("queue-gap", `Queue entry ${cursor} does not continue the hash chain.`);
    }
    this.#queueHash = linked;
    this.#queueCursor = cursor + 1;
  }
}
