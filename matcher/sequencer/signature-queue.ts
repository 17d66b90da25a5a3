import type { PublicKey } from "../protocol/keys.ts";
import type { Signed, Statement } from "../protocol/message.ts";
import { FairQueue, type FairQueueLimits, type Rank } from "./fair-queue.ts";
import { SenderRecords } from "./sender-records.ts";
import type { Verification } from "./verify-message.ts";
import type { SignatureVerifier } from "./verify-pool.ts";

export interface SignatureQueueLimits {
  /** Signatures waiting or being checked, of everybody. */
  verifyingMax: number;
  /** Waiting ones of one origin. */
  perOriginMax: number;
  /** Waiting ones of one account from one origin. */
  perAccountMax: number;
}

export const DEFAULT_SIGNATURE_QUEUE_LIMITS: SignatureQueueLimits = {
  verifyingMax: 4_096,
  perOriginMax: 512,
  perAccountMax: 256,
};

/**
 * Signatures that a thread is given before the first has an answer, by what their origin is known for. Enough to keep a thread busy, few
 * enough that whoever comes next waits some three milliseconds for them and otherwise for his turn alone. Of struck origins it is one in
 * all: whoever is better then finds at most that one before him.
 */
const AT_ONCE_PER_THREAD = { proven: 16, new: 8 };
const STRUCK_AT_ONCE = 1;

interface Waiting {
  message: Signed<Statement>;
  key: PublicKey;
  origin: string;
  resolve(verification: Verification | null): void;
  reject(reason: unknown): void;
}

/**
 * The way to the verifying threads. Anybody can send any amount of bad signatures in anybody's name, and each costs as much as a good
 * one; so what can be told apart without a signature, where it came from, decides whose turn it is (fair-queue.ts), and whoever sends too
 * much is refused before it costs anything. An account's own orders are never held up or refused for what strangers send in its name.
 *
 * Origins are the API's word: the address, or better, for a session that proved a key, a name of that session. Without any, accounts
 * take turns, and a stranger can use up the room of the account that he names.
 */
export class SignatureQueue {
  readonly senders = new SenderRecords();
  readonly #verifier: SignatureVerifier;
  readonly #waiting: FairQueue<Waiting>;
  readonly #atOnceMax: Record<Rank, number>;
  #verifying = 0;
  #noRoomCount = 0;

  constructor(verifier: SignatureVerifier, limits: Partial<SignatureQueueLimits> = {}) {
    const { verifyingMax, perOriginMax, perAccountMax } = { ...DEFAULT_SIGNATURE_QUEUE_LIMITS, ...limits };
    this.#verifier = verifier;
    const threads = verifier.threadCount ?? 1;
    const proven = Math.min(AT_ONCE_PER_THREAD.proven * threads, verifyingMax);
    this.#atOnceMax = { proven, new: Math.min(AT_ONCE_PER_THREAD.new * threads, proven), struck: STRUCK_AT_ONCE };
    const queueLimits: FairQueueLimits = { waitingMax: verifyingMax - proven, perOriginMax, perAccountMax };
    this.#waiting = new FairQueue(queueLimits);
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  get verifyingCount(): number {
    return this.#verifying;
  }

  /** Signatures that were not checked for lack of room, so far. */
  get noRoomCount(): number {
    return this.#noRoomCount;
  }

  /**
   * Has a signature checked in its turn. Null when there was no room, or none was left when others needed it more.
   * @throws (rejects) when the verifier is broken or closed
   */
  check(message: Signed<Statement>, key: PublicKey, origin: string): Promise<Verification | null> {
    return new Promise((resolve, reject) => {
      const item: Waiting = { message, key, origin, resolve, reject };
      const rank = this.senders.rankOf(origin);
      if (this.#verifying < this.#atOnceMax[rank]) {
        this.#start(item);
        return;
      }
      const { refused, displaced } = this.#waiting.push(origin, message.account, item, rank);
      for (const gone of [refused ? item : null, displaced]) {
        if (gone === null) continue;
        this.#noRoomCount += 1;
        gone.resolve(null);
      }
    });
  }

  #start({ message, key, origin, resolve, reject }: Waiting): void {
    this.#verifying += 1;
    const done = () => {
      this.#verifying -= 1;
      this.#startWaiting();
    };
    this.#verifier.verify(message, key).then(
      (verification) => {
        this.#judge(origin, message.account, verification.signed);
        resolve(verification);
        done();
      },
      (reason: unknown) => {
        reject(reason);
        done();
      },
    );
  }

  #startWaiting(): void {
    for (;;) {
      const { best } = this.#waiting;
      if (best === undefined || this.#verifying >= this.#atOnceMax[best]) return;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#start(next);
    }
  }

  #judge(origin: string, account: number, signed: boolean): void {
    const before = this.senders.rankOf(origin);
    this.senders.note(origin, account, signed);
    const after = this.senders.rankOf(origin);
    if (before !== after) this.#waiting.setRank(origin, after);
  }
}
