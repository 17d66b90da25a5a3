import { type JsonRpcProvider, keccak256, type TransactionReceipt, type Wallet } from "ethers";
import { isRevert, RevertError, revertError } from "./revert-reason.ts";
import { type Fees, higherFees, type SignedAttempt, suggestedFees } from "./transaction-fees.ts";

export interface TransactionRequest {
  /** Begins the sentence of a report: "Settling batch 7". */
  readonly label: string;
  readonly to: string;
  readonly data: string;
  /** What a refusal by the contract means: the end of the line, or only of this request. */
  readonly onRevert: "halt" | "reject";
  /**
   * Asked when the contract refuses: where an earlier life of this process did the same already, or undefined.
   * @throws Error when something else was done in its place
   */
  readonly doneBefore?: () => Promise<Mined | undefined>;
}

/** Where a transaction was mined. */
export interface Mined {
  readonly hash: string;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
}

export interface Submission {
  /** Mined, but a reorganisation may still take it back; it is then sent again. Rejects as `confirmed` does. */
  readonly mined: Promise<Mined>;
  /** Below enough blocks. @throws (rejects) RevertError, or the report with which the line halted. */
  readonly confirmed: Promise<Mined>;
}

export interface TransactionLineOptions {
  readonly provider: JsonRpcProvider;
  /** Nobody else may send with this key: its nonces are counted here. */
  readonly wallet: Wallet;
  readonly chainId: number;
  readonly confirmations: number;
  readonly pollMs?: number;
  /** After this long without being mined, a transaction is sent again with a higher fee. */
  readonly stuckAfterMs?: number;
  /** A transaction that is not mined after so many fees halts the line. */
  readonly feeRaisesMax?: number;
  readonly onHalt: (report: string) => void;
  /** Told of what an operator would like to know: raised fees, transactions sent again. */
  readonly onNotice?: (sentence: string) => void;
}

export interface TransactionLineStatus {
  readonly state: "running" | "halted" | "stopped";
  readonly waiting: number;
  readonly unconfirmed: number;
  readonly nextNonce: number | undefined;
  readonly resubmissions: number;
  readonly lastError: string | undefined;
}

interface Pending {
  readonly request: TransactionRequest;
  readonly resolveMined: (mined: Mined) => void;
  readonly resolveConfirmed: (mined: Mined) => void;
  readonly reject: (error: Error) => void;
}

interface Sent extends Pending {
  readonly nonce: number;
  readonly gasLimit: bigint;
  /** All attempts of this nonce, the newest last: any of them may be mined. */
  readonly attempts: SignedAttempt[];
  fees: Fees;
  /** Of the monotonic clock: how long it has been waiting must not depend on somebody setting the other one. */
  sentMs: number;
  minedBlock: number | undefined;
  /** Of a transaction that an earlier life sent. */
  readonly minedHash?: string | undefined;
}

/** Of a request that an earlier life has done: this one never signs it. */
const NO_NONCE = -1;
const NO_FEES: Fees = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };

/** In place of what was to be done, L1 has something else: nobody may go on from there. */
export class DoneOtherwise extends Error {}

/** Hardhat's and, since Fusaka, Ethereum's cap. */
const GAS_CAP = 16_777_216n;

class Halt extends Error {}

/**
 * One wallet's transactions, in order, one at a time: the next is sent when the one before is mined. A transaction that is
 * not mined gets a higher fee under the same nonce; one that a reorganisation drops is sent again as it was. So a request
 * takes effect once, or the line halts with a report.
 */
export class TransactionLine {
  readonly #options: Required<Omit<TransactionLineOptions, "onNotice">> & Pick<TransactionLineOptions, "onNotice">;
  readonly #waiting: Pending[] = [];
  readonly #sent: Sent[] = [];
  #nonce: number | undefined;
  /** Nonces below this one may be taken by transactions of an earlier life that nobody has mined yet. */
  #inheritedNonces = 0;
  #state: TransactionLineStatus["state"] = "running";
  #resubmissions = 0;
  #lastError: string | undefined;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(options: TransactionLineOptions) {
    this.#options = { pollMs: 100, stuckAfterMs: 20_000, feeRaisesMax: 12, ...options };
  }

  submit(request: TransactionRequest): Submission {
    let settle!: Omit<Pending, "request">;
    const mined = new Promise<Mined>((resolveMined, rejectMined) => {
      settle = { resolveMined, resolveConfirmed: () => {}, reject: rejectMined };
    });
    const confirmed = new Promise<Mined>((resolveConfirmed, rejectConfirmed) => {
      const rejectMined = settle.reject;
      settle = {
        ...settle,
        resolveConfirmed,
        reject: (error) => {
          rejectMined(error);
          rejectConfirmed(error);
        },
      };
    });
    // A caller may wait for one of them only.
    mined.catch(() => {});
    confirmed.catch(() => {});
    if (this.#state !== "running") settle.reject(new Error(this.#lastError ?? "The transaction line is stopped."));
    else this.#waiting.push({ request, ...settle });
    this.#wake?.();
    return { mined, confirmed };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Waits for what an earlier life of this process has sent and nobody has mined: afterwards L1 says what was done. Not for ever, for it
   * may never be mined; the next transaction takes its place then.
   */
  async quiet(): Promise<void> {
    const { provider, wallet, pollMs, stuckAfterMs, onNotice } = this.#options;
    const startMs = performance.now();
    for (let told = false; ; told = true) {
      const mined = await provider.getTransactionCount(wallet.address, "latest");
      const sent = await provider.getTransactionCount(wallet.address, "pending");
      if (sent <= mined || performance.now() - startMs > stuckAfterMs) return;
      if (!told) onNotice?.(`${sent - mined} transactions of an earlier run wait to be mined.`);
      await new Promise((wake) => setTimeout(wake, pollMs));
    }
  }

  async stop(): Promise<void> {
    if (this.#state === "running") this.#end("stopped", new Error("The transaction line was stopped."));
    this.#wake?.();
    await this.#running;
  }

  status(): TransactionLineStatus {
    return {
      state: this.#state,
      waiting: this.#waiting.length,
      unconfirmed: this.#sent.length,
      nextNonce: this.#nonce,
      resubmissions: this.#resubmissions,
      lastError: this.#lastError,
    };
  }

  #end(state: "halted" | "stopped", error: Error): void {
    this.#state = state;
    for (const pending of [...this.#sent, ...this.#waiting]) pending.reject(error);
    this.#sent.length = 0;
    this.#waiting.length = 0;
  }

  async #run(): Promise<void> {
    while (this.#state === "running") {
      try {
        await this.#tend();
        const unmined = this.#sent.some(({ minedBlock }) => minedBlock === undefined);
        const [next] = this.#waiting;
        if (!unmined && next !== undefined && this.#state === "running") {
          await this.#launch(next);
          continue;
        }
        this.#lastError = undefined;
      } catch (error) {
        const report = error instanceof Error ? error.message : String(error);
        this.#lastError = report;
        if (error instanceof Halt) {
          this.#end("halted", error);
          this.#options.onHalt(report);
          return;
        }
        // The chain did not answer: what was sent is looked for again, and nothing is sent twice under two nonces.
      }
      if (this.#state === "running") await this.#pause();
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

  /** Tries the request, signs it under the next nonce and sends it. */
  async #launch(pending: Pending): Promise<void> {
    const { provider, wallet } = this.#options;
    const { request } = pending;
    if (this.#nonce === undefined) {
      this.#inheritedNonces = await provider.getTransactionCount(wallet.address, "pending");
      this.#nonce = await provider.getTransactionCount(wallet.address, "latest");
    }
    let gas: bigint;
    try {
      gas = await provider.estimateGas({ from: wallet.address, to: request.to, data: request.data });
    } catch (error) {
      if (!isRevert(error)) throw error;
      const before = await this.#doneBefore(pending);
      this.#waiting.splice(this.#waiting.indexOf(pending), 1);
      if (before === undefined) return this.#judge(pending, revertError(request.label, error));
      this.#sent.push({ ...pending, nonce: NO_NONCE, gasLimit: 0n, attempts: [], fees: NO_FEES, sentMs: 0, ...before });
      return this.#tend();
    }
    const gasLimit = (gas * 12n) / 10n > GAS_CAP ? GAS_CAP : (gas * 12n) / 10n;
    const fees = await suggestedFees(provider);
    const sent: Sent = {
      ...pending,
      nonce: this.#nonce,
      gasLimit,
      attempts: [],
      fees,
      sentMs: 0,
      minedBlock: undefined,
    };
    sent.attempts.push(await this.#sign(sent));
    // From here on the nonce is taken, whatever the chain answers.
    this.#waiting.shift();
    this.#sent.push(sent);
    this.#nonce++;
    await this.#broadcast(sent);
    await this.#tend();
  }

  async #sign({ request, nonce, gasLimit, fees }: Sent): Promise<SignedAttempt> {
    const { wallet, chainId } = this.#options;
    const transaction = { type: 2, chainId, nonce, gasLimit, to: request.to, data: request.data, value: 0n, ...fees };
    const raw = await wallet.signTransaction(transaction);
    return { hash: keccak256(raw), raw };
  }

  async #broadcast(sent: Sent): Promise<void> {
    const attempt = sent.attempts.at(-1)!;
    sent.sentMs = performance.now();
    try {
      await this.#options.provider.send("eth_sendRawTransaction", [attempt.raw]);
    } catch (error) {
      // Whether the chain has it or not will show: a receipt comes, or it is stuck. Only a used nonce is hopeless.
      const message = error instanceof Error ? error.message : String(error);
      if (/nonce.*(too low|already)|expected nonce/i.test(message) && (await this.#receiptOf(sent)) === undefined) {
        const used = await this.#options.provider.getTransactionCount(this.#options.wallet.address, "latest");
        if (used > sent.nonce && sent.nonce < this.#inheritedNonces) return this.#startOver(sent, used);
        if (used > sent.nonce) {
          throw new Halt(
            `${sent.request.label} cannot be sent: nonce ${sent.nonce} of ${this.#options.wallet.address} was used by ` +
              "another program; no other may use the operator's key.",
          );
        }
      }
      this.#lastError = message;
    }
  }

  async #receiptOf({ attempts, minedHash }: Sent): Promise<TransactionReceipt | undefined> {
    const hashes = attempts.map(({ hash }) => hash);
    if (minedHash !== undefined) hashes.push(minedHash);
    for (const hash of hashes.toReversed()) {
      const receipt = await this.#options.provider.getTransactionReceipt(hash);
      if (receipt !== null) return receipt;
    }
    return undefined;
  }

  /** Looks after everything that was sent and is not yet below enough blocks, in order of the nonces. */
  async #tend(): Promise<void> {
    if (this.#sent.length === 0) return;
    const headBlock = await this.#options.provider.getBlockNumber();
    for (const sent of [...this.#sent]) {
      const receipt = await this.#receiptOf(sent);
      if (receipt === undefined) await this.#sendAgain(sent);
      else if (receipt.status === 0) await this.#reverted(sent, receipt);
      else this.#advance(sent, receipt, headBlock);
    }
  }

  #advance(sent: Sent, receipt: TransactionReceipt, headBlock: number): void {
    const mined = { hash: receipt.hash, blockNumber: receipt.blockNumber, gasUsed: receipt.gasUsed };
    sent.minedBlock = receipt.blockNumber;
    sent.resolveMined(mined);
    if (headBlock - receipt.blockNumber < this.#options.confirmations) return;
    sent.resolveConfirmed(mined);
    this.#sent.splice(this.#sent.indexOf(sent), 1);
  }

  /** What an earlier life sent under the nonce was mined: whether that was this very request will show. */
  #startOver(sent: Sent, nonce: number): void {
    this.#sent.splice(this.#sent.indexOf(sent), 1);
    this.#waiting.unshift(sent);
    this.#nonce = nonce;
  }

  async #doneBefore({ request }: Pending): Promise<Pick<Sent, "minedBlock" | "minedHash"> | undefined> {
    let mined: Mined | undefined;
    try {
      mined = await request.doneBefore?.();
    } catch (error) {
      if (error instanceof DoneOtherwise) throw new Halt(error.message);
      throw error;
    }
    return mined === undefined ? undefined : { minedBlock: mined.blockNumber, minedHash: mined.hash };
  }

  async #sendAgain(sent: Sent): Promise<void> {
    const { stuckAfterMs, feeRaisesMax, onNotice, provider } = this.#options;
    if (sent.nonce === NO_NONCE) {
      onNotice?.(`${sent.request.label}: block ${sent.minedBlock} was replaced, trying it again.`);
      this.#sent.splice(this.#sent.indexOf(sent), 1);
      this.#waiting.unshift(sent);
      return;
    }
    if (sent.minedBlock !== undefined) {
      onNotice?.(`${sent.request.label}: block ${sent.minedBlock} was replaced, sending it again.`);
      sent.minedBlock = undefined;
      this.#resubmissions++;
      await this.#broadcast(sent);
      return;
    }
    if (performance.now() - sent.sentMs < stuckAfterMs) return;
    if (sent.attempts.length > feeRaisesMax) {
      throw new Halt(`${sent.request.label} was not mined in spite of ${feeRaisesMax} raised fees.`);
    }
    sent.fees = higherFees(sent.fees, await suggestedFees(provider));
    sent.attempts.push(await this.#sign(sent));
    onNotice?.(`${sent.request.label}: not mined yet, sending it again with a higher fee.`);
    this.#resubmissions++;
    await this.#broadcast(sent);
  }

  /** Mined and refused: what held when it was tried did not hold any more. */
  async #reverted(sent: Sent, receipt: TransactionReceipt): Promise<void> {
    const { provider, wallet } = this.#options;
    const { label, to, data } = sent.request;
    let reason = new RevertError(label, undefined, `transaction ${receipt.hash} failed without a reason`);
    try {
      await provider.call({ from: wallet.address, to, data, blockTag: receipt.blockNumber - 1 });
    } catch (error) {
      if (!isRevert(error)) throw error;
      reason = revertError(label, error);
    }
    const before = await this.#doneBefore(sent);
    this.#sent.splice(this.#sent.indexOf(sent), 1);
    if (before === undefined) this.#judge(sent, reason);
    else this.#sent.unshift({ ...sent, nonce: NO_NONCE, attempts: [], ...before });
  }

  #judge(pending: Pending, reason: RevertError): void {
    pending.reject(reason);
    if (pending.request.onRevert === "halt") throw new Halt(reason.message);
  }
}
