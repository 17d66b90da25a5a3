import type { Signed, Statement } from "../../matcher/protocol/message.ts";
import type { Verification } from "../../matcher/sequencer/verify-message.ts";
import type { SignatureVerifier } from "../../matcher/sequencer/verify-pool.ts";

/**
 * A verifying thread whose time is counted and not measured: one signature a slot, first come first served. S = 0 stands for a wrong
 * signature. What a flood does to others is then a number that is the same on every machine.
 */
export class SlotVerifier implements SignatureVerifier {
  slot = 0;
  readonly #given: { wrong: boolean; answer(verification: Verification): void }[] = [];

  verify({ signature }: Signed<Statement>): Promise<Verification> {
    return new Promise((answer) => this.#given.push({ wrong: signature.s === 0n, answer }));
  }

  get givenCount(): number {
    return this.#given.length;
  }

  /** One slot passes. Resolves when everybody has heard of its answer. */
  async pass(): Promise<void> {
    this.slot += 1;
    const next = this.#given.shift();
    next?.answer({ signed: !next.wrong, messageHash: 0n });
    await new Promise((resolve) => setImmediate(resolve));
  }

  async close(): Promise<void> {}
}
