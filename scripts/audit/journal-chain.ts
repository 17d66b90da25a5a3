import { nextJournalHead } from "../../matcher/protocol/journal-head.ts";
import type { Receipt } from "../../matcher/protocol/receipt.ts";

/** What is known of the journal's hash chain, by number of the command. */
export interface JournalChain {
  /** Oldest and newest command that can be known at all. */
  readonly firstCommand: number;
  readonly lastCommand: number;
  /** Number of the command that leads to a head; undefined for a head that is not known. */
  numberOfHead(head: bigint): number | undefined;
  headAfter(command: number): bigint | undefined;
  digestOf(command: number): bigint | undefined;
  numberOfDigest(digest: bigint): number | undefined;
  /** Newest command to which the chain is known without a gap from this one on. */
  knownThrough(command: number): number;
}

/** Digests of consecutive commands, as the exchange serves them or as somebody saved them. */
export interface DigestList {
  readonly firstCommand: number;
  readonly previousHead: bigint;
  readonly digests: readonly bigint[];
}

/** The chain recomputed from all digests. */
export class DigestChain implements JournalChain {
  readonly firstCommand: number;
  readonly lastCommand: number;
  readonly #digests: readonly bigint[];
  /** Head before the first command, then one for each. */
  readonly #heads: bigint[];
  readonly #byHead = new Map<bigint, number>();
  readonly #byDigest = new Map<bigint, number>();

  constructor({ firstCommand, previousHead, digests }: DigestList) {
    this.firstCommand = firstCommand;
    this.lastCommand = firstCommand + digests.length - 1;
    this.#digests = digests;
    this.#heads = [previousHead];
    this.#byHead.set(previousHead, firstCommand - 1);
    let head = previousHead;
    for (const [i, digest] of digests.entries()) {
      head = nextJournalHead(head, digest);
      this.#heads.push(head);
      this.#byHead.set(head, firstCommand + i);
      this.#byDigest.set(digest, firstCommand + i);
    }
  }

  numberOfHead(head: bigint): number | undefined {
    return this.#byHead.get(head);
  }

  headAfter(command: number): bigint | undefined {
    return this.#heads[command - this.firstCommand + 1];
  }

  digestOf(command: number): bigint | undefined {
    return this.#digests[command - this.firstCommand];
  }

  numberOfDigest(digest: bigint): number | undefined {
    return this.#byDigest.get(digest);
  }

  knownThrough(): number {
    return this.lastCommand;
  }
}

/** A head that a receipt is signed for. */
export interface HeadClaim<R> {
  readonly command: number;
  readonly head: bigint;
  readonly by: R;
}

/** Two receipts of one signer that cannot both be true. */
export interface Contradiction<R> {
  readonly claims: readonly [HeadClaim<R>, HeadClaim<R>];
}

/** The pieces of the chain that receipts show, held together. Each receipt was judged before. */
export class ReceiptChain<R extends { readonly receipt: Receipt }> implements JournalChain {
  readonly contradictions: Contradiction<R>[] = [];
  readonly #claims = new Map<number, HeadClaim<R>>();
  readonly #numbers = new Map<bigint, HeadClaim<R>>();
  readonly #digests = new Map<number, bigint>();
  readonly #byDigest = new Map<bigint, number>();
  firstCommand = Number.POSITIVE_INFINITY;
  lastCommand = 0;

  constructor(held: readonly R[]) {
    for (const by of held) {
      const { command, previousHead, digest, path } = by.receipt;
      this.firstCommand = Math.min(this.firstCommand, command);
      let claim: HeadClaim<R> = { command: command - 1, head: previousHead, by };
      this.#claim(claim);
      for (const [i, next] of [digest, ...path].entries()) {
        claim = { command: command + i, head: nextJournalHead(claim.head, next), by };
        this.#claim(claim);
        if (this.#claims.get(claim.command)?.head !== claim.head) continue;
        this.#digests.set(claim.command, next);
        this.#byDigest.set(next, claim.command);
      }
    }
  }

  /** The first claim stands; another one at its number, or its head at another number, contradicts it. */
  #claim(claim: HeadClaim<R>): void {
    this.lastCommand = Math.max(this.lastCommand, claim.command);
    const there = this.#claims.get(claim.command);
    const elsewhere = this.#numbers.get(claim.head);
    if (there === undefined) this.#claims.set(claim.command, claim);
    else if (there.head !== claim.head) this.contradictions.push({ claims: [there, claim] });
    if (elsewhere === undefined) this.#numbers.set(claim.head, claim);
    else if (elsewhere.command !== claim.command) this.contradictions.push({ claims: [elsewhere, claim] });
  }

  numberOfHead(head: bigint): number | undefined {
    return this.#numbers.get(head)?.command;
  }

  headAfter(command: number): bigint | undefined {
    return this.#claims.get(command)?.head;
  }

  digestOf(command: number): bigint | undefined {
    return this.#digests.get(command);
  }

  numberOfDigest(digest: bigint): number | undefined {
    return this.#byDigest.get(digest);
  }

  knownThrough(command: number): number {
    let last = command;
    while (this.#digests.has(last + 1)) last++;
    return last;
  }
}
