import { Contract, type ContractTransactionResponse, getAddress, type Provider, type Signer } from "ethers";
import { revertError } from "../chain/revert-reason.ts";
import { ESCAPE_ABI, EXCHANGE_ABI } from "../protocol/abi.ts";
import { epochRecord } from "../protocol/epoch-record.ts";
import { queueEntryWords } from "../protocol/queue-chain.ts";
import { INSURANCE_ACCOUNT } from "../protocol/spec.ts";
import type { RebuiltState } from "../rebuild/rebuild-state.ts";
import { leafFrom } from "../state/account-record.ts";
import { claimMicroUsdFloor } from "./equity.ts";
import { type FiledClaims, readClaims } from "./escape-claims.ts";
import { EscapeRefused } from "./escape-refused.ts";
import { escapeTerms, type FoundTerms } from "./escape-terms.ts";
import { type EscapeView, readEscape, readMarketEnds } from "./escape-view.ts";
import { leafProof } from "./leaf-proof.ts";

export interface EscapeOptions {
  readonly provider: Provider;
  /** Pays for gas; its address gets nothing for it. */
  readonly signer: Signer;
  readonly exchange: string;
  /** Block with the Exchange's creation, or any before it. */
  readonly firstBlock: number;
  /** Only this L1 owner's accounts, deposits and claims; everybody's without. */
  readonly owner?: string | undefined;
  /** Leaves of one transaction: about 90,000 gas each. */
  readonly leavesAtOnce?: number;
  readonly epochsAtOnce?: number;
  readonly accountsAtOnce?: number;
  readonly rangeBlocks?: number;
  /** Told after every transaction: what was done, how much of how much. */
  readonly onStep?: (step: EscapeStep) => void;
}

export interface EscapeStep {
  readonly what: "freeze" | "state" | "epochs" | "prices" | "leaves" | "payments" | "insurance" | "deposits" | "claims";
  readonly done: number;
  readonly of: number;
}

/** What an escape is worth to whom, before anything is sent. */
export interface EscapeWorth {
  readonly terms: FoundTerms;
  /** Positive equities by account, ascending. */
  readonly equityMicroUsd: ReadonlyMap<number, bigint>;
}

/** Another's transaction did the very same thing first. */
const DONE_BEFORE = new Set(["AlreadyPinned", "ExchangeFrozen", "NothingToReclaim", "NothingClaimable"]);
const LEAVES_AT_ONCE = 128;
const EPOCHS_AT_ONCE = 100;
const ACCOUNTS_AT_ONCE = 200;
const RANGE_BLOCKS = 2_000;

const addressOf = (word: bigint): string => getAddress(`0x${word.toString(16).padStart(40, "0")}`);

/**
 * The escape from an exchange, step by step, from what L1 alone says. Every step looks first at what is done already, by itself or by
 * anybody, so that it can be broken off and begun again anywhere.
 */
export class EscapeRun {
  readonly #options: EscapeOptions;
  readonly #exchange: Contract;
  #escape: Contract | undefined;

  constructor(options: EscapeOptions) {
    this.#options = options;
    this.#exchange = new Contract(options.exchange, EXCHANGE_ABI, options.signer);
  }

  view(): Promise<EscapeView> {
    return readEscape(this.#options.provider, this.#options.exchange);
  }

  /** Freezes the exchange, when it is overdue and nobody did. @throws EscapeRefused when it is not overdue */
  async freeze(): Promise<void> {
    const { frozen, headDeadlineSeconds, nowSeconds } = await this.view();
    if (frozen) return;
    if (headDeadlineSeconds === undefined)
      throw new EscapeRefused("Nothing waits in the exchange's queue: it cannot be overdue. Ask for a forced exit.");
    if (nowSeconds <= headDeadlineSeconds) {
      const left = headDeadlineSeconds + 1 - nowSeconds;
      throw new EscapeRefused(`The head of the queue may still wait for ${left} s: it cannot be frozen before that.`);
    }
    await this.#send(this.#exchange, "freeze");
    this.#tell("freeze", 1, 1);
  }

  /** What everybody could claim, from a rebuild of the frozen exchange. */
  async worth(state: RebuiltState): Promise<EscapeWorth> {
    const { priceWindowSeconds } = await this.view();
    const terms = escapeTerms({
      epochs: state.progress.epochs,
      lastEpoch: state.progress.sharedState.epochNumber,
      priceWindowSeconds,
      ...(await readMarketEnds(this.#options.provider, this.#options.exchange)),
    });
    const equityMicroUsd = new Map<number, bigint>();
    for (const { account, record } of state.accounts.entries()) {
      const equity = claimMicroUsdFloor(leafFrom(record, 0n), terms);
      if (equity > 0n) equityMicroUsd.set(account, equity);
    }
    return { terms, equityMicroUsd };
  }

  /** Pins state, epochs and prices. The claim window begins with the last of it. */
  async pin({ progress }: RebuiltState, { terms }: EscapeWorth): Promise<void> {
    const { sharedState } = progress;
    const wayOut = await this.#wayOut();
    if (!(await this.view()).hasState) {
      await this.#send(wayOut, "pinState", sharedState);
      this.#tell("state", 1, 1);
    }
    const { epochsAtOnce = EPOCHS_AT_ONCE } = this.#options;
    for (let { nextEpoch } = await this.view(); nextEpoch !== 0; { nextEpoch } = await this.view()) {
      const wanted = terms.pinned.filter(({ number }) => number <= nextEpoch);
      if (wanted.length === 0)
        throw new EscapeRefused(`Epoch ${nextEpoch} is wanted next, and the rebuild has no such epoch.`);
      await this.#send(wayOut, "pinEpochs", wanted.slice(0, epochsAtOnce).map(epochRecord));
      const { length } = terms.pinned;
      this.#tell("epochs", Math.min(length, length - wanted.length + epochsAtOnce), length);
    }
    if ((await this.view()).claimsCloseSeconds !== undefined) return;
    await this.#send(wayOut, "pinPrices", terms.pricesTicks);
    this.#tell("prices", 1, 1);
  }

  /** Files what nobody filed yet. */
  async file(state: RebuiltState, { equityMicroUsd }: EscapeWorth): Promise<void> {
    const wayOut = await this.#wayOut();
    const { ownerOf } = await this.claims();
    const missing = [...equityMicroUsd.keys()]
      .filter((account) => !ownerOf.has(account) && this.#isOurs(addressOf(state.accounts.leaf(account).owner)))
      .sort((a, b) => a - b);
    const { leavesAtOnce = LEAVES_AT_ONCE } = this.#options;
    for (let i = 0; i < missing.length; i += leavesAtOnce) {
      const { leaves, siblings } = leafProof(state.accounts, missing.slice(i, i + leavesAtOnce));
      await this.#send(wayOut, "file", leaves, siblings);
      this.#tell("leaves", Math.min(i + leavesAtOnce, missing.length), missing.length);
    }
  }

  /** Pays every claim of the window that waits, once it has closed, and then the insurance fund, once its turn has come. */
  async pay(): Promise<void> {
    const {
      claimsCloseSeconds = Number.POSITIVE_INFINITY,
      lateCloseSeconds = Number.POSITIVE_INFINITY,
      nowSeconds,
    } = await this.view();
    if (nowSeconds < claimsCloseSeconds) return;
    const wayOut = await this.#wayOut();
    const { ownerOf, paidMicroUsd } = await this.claims();
    const waiting = [...ownerOf].filter(([account, owner]) => !paidMicroUsd.has(account) && this.#isOurs(owner));
    const accounts = waiting.map(([account]) => account).filter((account) => account !== INSURANCE_ACCOUNT);
    const { accountsAtOnce = ACCOUNTS_AT_ONCE } = this.#options;
    for (let i = 0; i < accounts.length; i += accountsAtOnce) {
      await this.#send(wayOut, "pay", accounts.slice(i, i + accountsAtOnce));
      this.#tell("payments", Math.min(i + accountsAtOnce, accounts.length), accounts.length);
    }
    if (nowSeconds < lateCloseSeconds || !waiting.some(([account]) => account === INSURANCE_ACCOUNT)) return;
    await this.#send(wayOut, "payInsurance");
    this.#tell("insurance", 1, 1);
  }

  /** Gives deposits back that no batch took over. */
  async reclaim({ progress }: RebuiltState): Promise<void> {
    const { reclaimed } = await this.claims();
    const waiting = [];
    for (const { cursor, entry } of progress.waiting) {
      if (entry.kind !== "deposit" || reclaimed.has(cursor)) continue;
      if (this.#isOurs(await this.#exchange.getFunction("accountOwner")(entry.account)))
        waiting.push({ cursor, entry });
    }
    for (const [i, { cursor, entry }] of waiting.entries()) {
      const [head, owner = 0n, ax, ay] = queueEntryWords(entry);
      await this.#send(this.#exchange, "reclaimDeposit", cursor, { head, owner: addressOf(owner), ax, ay });
      this.#tell("deposits", i + 1, waiting.length);
    }
  }

  /** Has everything paid out that is claimable by whoever filed or had a deposit back. @returns what was paid, by owner */
  async claim(state: RebuiltState): Promise<ReadonlyMap<string, bigint>> {
    const { ownerOf } = await this.claims();
    const owners = new Set([...ownerOf.values()].map(getAddress));
    for (const { entry } of progressDeposits(state))
      owners.add(getAddress(await this.#exchange.getFunction("accountOwner")(entry.account)));
    if (this.#options.owner !== undefined) owners.add(getAddress(this.#options.owner));
    const paid = new Map<string, bigint>();
    const ours = [...owners].filter((owner) => this.#isOurs(owner));
    for (const [i, owner] of ours.entries()) {
      const amount = (await this.#exchange.getFunction("claimable")(owner)) as bigint;
      if (amount === 0n) continue;
      try {
        await this.#send(this.#exchange, "claim", owner);
        paid.set(owner, amount);
      } catch (error) {
        // A token may refuse one recipient; the others get theirs.
        if (this.#options.owner !== undefined) throw error;
      }
      this.#tell("claims", i + 1, ours.length);
    }
    return paid;
  }

  /** What was filed and paid so far, by anybody. */
  async claims(): Promise<FiledClaims> {
    const { provider, exchange, firstBlock, rangeBlocks = RANGE_BLOCKS } = this.#options;
    const { escape: wayOut } = await this.view();
    return readClaims(
      provider,
      { exchange, escape: wayOut },
      { fromBlock: firstBlock, toBlock: await provider.getBlockNumber(), rangeBlocks },
    );
  }

  #isOurs(owner: string): boolean {
    return this.#options.owner === undefined || BigInt(owner) === BigInt(this.#options.owner);
  }

  async #wayOut(): Promise<Contract> {
    this.#escape ??= new Contract((await this.view()).escape, ESCAPE_ABI, this.#options.signer);
    return this.#escape;
  }

  #tell(what: EscapeStep["what"], done: number, of: number): void {
    this.#options.onStep?.({ what, done, of });
  }

  /** @throws EscapeRefused with what the contract says; what another one did first is done */
  async #send(contract: Contract, name: string, ...values: unknown[]): Promise<void> {
    try {
      const sent = (await contract.getFunction(name).send(...values)) as ContractTransactionResponse;
      await sent.wait();
    } catch (error) {
      const reason = revertError(name, error);
      if (reason.errorName !== undefined && DONE_BEFORE.has(reason.errorName)) return;
      throw new EscapeRefused(reason.message);
    }
  }
}

const progressDeposits = ({ progress }: RebuiltState) =>
  progress.waiting.filter(({ entry }) => entry.kind === "deposit");
