import type { ConditionalLeg, Slicing, Trigger } from "../../matcher/protocol/conditional.ts";
import type { EpochMarket, LiquidationTerms } from "../../matcher/protocol/epoch.ts";
import type { Message, OrderMessage, Side } from "../../matcher/protocol/message.ts";
import { INSURANCE_ACCOUNT, MARKETS, PICO_PER_MICRO, TIERS } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import type { ExchangeEvent } from "../../matcher/sequencer/exchange-event.ts";
import type { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import type { Accepted } from "../../matcher/sequencer/outcome.ts";
import type { AccountRecord } from "../../matcher/state/account-record.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { checkTrace } from "../fixtures/check-trace.ts";
import {
  accepted,
  BTC,
  codeOf,
  DOMAIN,
  epochOf,
  keyOf,
  newState,
  order,
  signed,
} from "../sequencer/exchange-fixture.ts";

const MICRO_PER_USD = 1_000_000n;
const PICO_PER_USD = MICRO_PER_USD * PICO_PER_MICRO;

/** A conditional order as far as it differs from an ordinary one. */
export interface DrillLeg extends Partial<OrderMessage> {
  trigger?: Trigger;
  slicing?: Slicing;
}

export interface DrillOptions {
  /** What the insurance fund starts with. */
  fundUsd: bigint;
  /** Other terms than the devnet's. */
  liquidation?: Partial<LiquidationTerms>;
  /** Names of the tiers that batches may use. */
  tiers?: readonly string[];
}

/**
 * An exchange in which something goes wrong: the state machine, the batcher behind it, and an independent check of every batch and of
 * the whole state after every command. Orders are really signed, so that the circuit can judge the batches, too.
 */
export class Drill {
  readonly state: ExchangeState = newState();
  readonly events: ExchangeEvent[] = [];
  readonly traces: BatchTrace[] = [];
  readonly #batcher: Batcher;
  readonly #hash: Awaited<ReturnType<typeof buildFastPoseidon>>;
  readonly #liquidation: Partial<LiquidationTerms>;
  #epoch = 0;
  #cursor = 0;
  #sequence = 0;
  #prices: Record<number, string> = {};
  #markets: Partial<Record<number, Partial<EpochMarket>>> = {};

  private constructor(hash: Awaited<ReturnType<typeof buildFastPoseidon>>, options: DrillOptions) {
    const names = options.tiers ?? ["small", "large"];
    this.#hash = hash;
    this.#batcher = new Batcher({ hash, domain: DOMAIN, tiers: TIERS.filter(({ name }) => names.includes(name)) });
    this.#liquidation = options.liquidation ?? {};
  }

  static async start(options: DrillOptions): Promise<Drill> {
    const drill = new Drill(await buildFastPoseidon(), options);
    drill.epoch({});
    drill.#register(INSURANCE_ACCOUNT, options.fundUsd);
    return drill;
  }

  // ── What happens ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The next epoch. Prices and terms that are not named stay as they are. */
  epoch(
    pricesUsd: Record<number, string>,
    markets: Partial<Record<number, Partial<EpochMarket>>> = {},
  ): ExchangeEvent[] {
    this.#epoch += 1;
    this.#prices = { ...this.#prices, ...pricesUsd };
    for (const [market, change] of Object.entries(markets)) {
      this.#markets[Number(market)] = { ...this.#markets[Number(market)], ...change };
    }
    const epoch = epochOf(this.#epoch, this.#prices);
    const changed = {
      ...epoch,
      liquidation: { ...epoch.liquidation, ...this.#liquidation },
      markets: epoch.markets.map((market, index) => ({ ...market, ...this.#markets[index] })),
    };
    return this.#take(accepted(this.state.execute({ type: "epoch", epoch: changed })));
  }

  /** Registers the next accounts and gives each its deposit. */
  traders(depositsUsd: readonly bigint[]): number[] {
    return depositsUsd.map((depositUsd) => {
      const account = Math.max(...this.accounts(), INSURANCE_ACCOUNT) + 1;
      this.#register(account, depositUsd);
      return account;
    });
  }

  #register(account: number, depositUsd: bigint): void {
    const { ax, ay } = keyOf(account);
    const owner = BigInt(account + 1) << 8n;
    const registration = { kind: "registration", minSequence: 0, account, amountMicroUsd: 0n, owner, ax, ay } as const;
    this.#take(accepted(this.state.execute({ type: "queue", entry: registration, cursor: this.#cursor++ })));
    if (depositUsd > 0n) this.deposit(account, depositUsd);
  }

  deposit(account: number, amountUsd: bigint): void {
    const entry = {
      kind: "deposit",
      minSequence: 0,
      account,
      amountMicroUsd: amountUsd * MICRO_PER_USD,
      owner: 0n,
      ax: 0n,
      ay: 0n,
    } as const;
    this.#take(accepted(this.state.execute({ type: "queue", entry, cursor: this.#cursor++ })));
  }

  /** @returns "accepted", or the code of the refusal */
  send(message: Message): string {
    const outcome = this.state.execute({ type: "message", message: signed(message), settle: false });
    if (outcome.accepted) this.#take(outcome);
    return codeOf(outcome);
  }

  order(
    account: number,
    market: number,
    side: Side,
    priceUsd: string,
    lots: number,
    change: Partial<OrderMessage> = {},
  ) {
    const { priceTicks } = epochOf(1, { [market]: priceUsd }).markets[market] as EpochMarket;
    this.#sequence += 64;
    const terms = { account, market, side, limitPriceTicks: priceTicks, quantityLots: lots, sequence: this.#sequence };
    return this.send(order({ slot: (this.#sequence / 64) % 4_096, ...terms, ...change }));
  }

  /** Orders that wait for their price, each on the next slot unless it is told one. @returns "accepted", or the code of the refusal */
  conditional(legs: readonly DrillLeg[], hasEntry = false): string {
    this.#sequence += 64;
    const sequence = this.#sequence;
    const made = legs.map(({ trigger = null, slicing = null, ...change }): ConditionalLeg => {
      const slot = (sequence / 64) % 4_096;
      return { order: signed(order({ slot, sequence, ...change })), trigger, slicing };
    });
    const outcome = this.state.execute({ type: "conditional", legs: made, hasEntry });
    if (outcome.accepted) this.#take(outcome);
    return codeOf(outcome);
  }

  /** Two accounts agree on a price. @throws Error when the exchange refuses */
  trade(buyer: number, seller: number, market: number, priceUsd: string, lots: number): void {
    for (const [account, side] of [
      [seller, "sell"],
      [buyer, "buy"],
    ] as const) {
      const code = this.order(account, market, side, priceUsd, lots);
      if (code !== "accepted") throw new Error(`the ${side} of account ${account} is refused: ${code}`);
    }
  }

  withdraw(account: number, amountMicroUsd: bigint): string {
    const { withdrawalNonce: sequence } = this.record(account);
    const expirySeconds = this.state.epochTimeSeconds + 3_600;
    return this.send({ kind: "withdrawal", account, sequence, expirySeconds, amountMicroUsd });
  }

  /** Looks once more for whoever is at risk. */
  sweep(): ExchangeEvent[] {
    return this.#take(accepted(this.state.execute({ type: "liquidationSweep" })));
  }

  /** Ends the open batch, so that everything so far is in {@link traces}. */
  cut(): void {
    const trace = this.#batcher.cut();
    if (trace !== undefined) this.#check(trace);
  }

  #take({ steps, events }: Accepted): ExchangeEvent[] {
    for (const { step, journalHead } of steps) {
      const trace = this.#batcher.push(step, journalHead);
      if (trace !== undefined) this.#check(trace);
    }
    const faults = audit(this.state.ledger);
    if (faults.length > 0) throw new Error(`the ledger does not add up: ${faults.map(({ what }) => what).join(", ")}`);
    const happened = events.map(({ event }) => event);
    this.events.push(...happened);
    return happened;
  }

  #check(trace: BatchTrace): void {
    checkTrace(trace, this.#hash);
    this.traces.push(trace);
  }

  // ── What is found ──────────────────────────────────────────────────────────────────────────────────────────────────────

  record(account: number): AccountRecord {
    return this.state.ledger.settledRecord(account);
  }

  equityPicoUsd(account: number): bigint {
    return this.state.ledger.marginOf(account).valuePicoUsd;
  }

  get fundPicoUsd(): bigint {
    return this.record(INSURANCE_ACCOUNT).collateralPicoUsd;
  }

  /** Accounts other than the fund. */
  accounts(): number[] {
    return [...this.state.ledger.entries()]
      .map(({ account }) => account)
      .filter((account) => account !== INSURANCE_ACCOUNT);
  }

  of<T extends ExchangeEvent["type"]>(type: T, events: readonly ExchangeEvent[] = this.events) {
    return events.filter((event): event is Extract<ExchangeEvent, { type: T }> => event.type === type);
  }

  /** Σ|size| of a market by the accounts themselves. */
  openInterestLots(market: number): bigint {
    return this.accounts().reduce((sum, account) => {
      const size = this.record(account).sizesLots[market] as bigint;
      return sum + (size < 0n ? -size : size);
    }, 0n);
  }
}

/** Who is better or worse off by an epoch than its prices alone explain, and what the fund paid in it. */
export class Reckoning {
  readonly #drill: Drill;
  readonly #before: ReadonlyMap<number, AccountRecord>;
  readonly #fundBefore: bigint;

  constructor(drill: Drill) {
    this.#drill = drill;
    this.#before = new Map(drill.accounts().map((account) => [account, drill.record(account)]));
    this.#fundBefore = drill.fundPicoUsd;
  }

  /** What the account has more than its old position would be worth at the present prices: fees, payouts, better or worse trades. */
  gainPicoUsd(account: number): bigint {
    const before = this.#before.get(account);
    if (before === undefined) throw new Error(`account ${account} was not there`);
    const { markets, fundingIndexPicoUsd } = this.#drill.state.ledger.terms;
    let worth = before.collateralPicoUsd;
    for (let market = 0; market < MARKETS; market++) {
      const size = before.sizesLots[market] as bigint;
      const owed = (fundingIndexPicoUsd[market] as bigint) - (before.fundingIndexPicoUsd[market] as bigint);
      worth += size * ((markets[market]?.lotValuePicoUsd ?? 0n) - owed);
    }
    return this.#drill.equityPicoUsd(account) - worth;
  }

  /** What the fund paid, less what it earned. */
  get fundPaidPicoUsd(): bigint {
    return this.#fundBefore - this.#drill.fundPicoUsd;
  }
}

export { BTC, PICO_PER_USD };
