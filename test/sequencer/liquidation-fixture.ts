import type { LiquidationTerms } from "../../matcher/protocol/epoch.ts";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import type { OrderMessage, Side } from "../../matcher/protocol/message.ts";
import { INSURANCE_ACCOUNT, PICO_PER_MICRO } from "../../matcher/protocol/spec.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { commandBytes } from "../../matcher/sequencer/command-bytes.ts";
import type { DeleveragedEvent, ExchangeEvent, LiquidatedEvent } from "../../matcher/sequencer/exchange-event.ts";
import type { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import type { Accepted } from "../../matcher/sequencer/outcome.ts";
import type { Step } from "../../matcher/state/step.ts";
import type { QueueEntry } from "../../matcher/state/trace.ts";
import { accepted, BTC, epochOf, keyOf, newState, order, unsigned } from "./exchange-fixture.ts";

export const USD = 1_000_000n * PICO_PER_MICRO;
/** Lots of a bitcoin: 65,000 USD at first, 650,000 ticks. */
export const COIN = 100_000;

/** Registration and deposit of an account, as L1's queue has them. */
export function joinCommands(cursor: number, account: number, depositUsd: number): Command[] {
  const owner = BigInt(account + 1) << 8n;
  const { ax, ay } = keyOf(account + 1);
  const registration = { kind: "registration", minSequence: 0, account, amountMicroUsd: 0n, owner, ax, ay } as const;
  const amountMicroUsd = BigInt(Math.round(depositUsd * 1e6));
  const deposit = { kind: "deposit", minSequence: 0, account, amountMicroUsd, owner: 0n, ax: 0n, ay: 0n } as const;
  return [
    { type: "queue", entry: registration, cursor },
    { type: "queue", entry: deposit, cursor: cursor + 1 },
  ];
}

/** An exchange with an insurance fund and traders 1 … n, in which prices are told what to be. */
export class LiquidationWorld {
  readonly state: ExchangeState = newState();
  readonly journal: Uint8Array[] = [];
  readonly steps: Step[] = [];
  readonly events: ExchangeEvent[] = [];
  /** Of epochs to come. */
  liquidation: Partial<LiquidationTerms> = {};
  private epochs = 0;
  private sequence = 0;

  /** @param depositsUsd of accounts 1 … n @param fundUsd null for an exchange whose fund is not registered */
  constructor(depositsUsd: readonly number[], fundUsd: number | null = 10_000) {
    this.epoch({});
    let cursor = 0;
    const deposits =
      fundUsd === null
        ? depositsUsd.map((usd, i) => [i + 1, usd] as const)
        : [fundUsd, ...depositsUsd].map((usd, i) => [i, usd] as const);
    for (const [account, usd] of deposits) {
      for (const command of joinCommands(cursor, account, usd)) this.run(command);
      cursor += 2;
    }
  }

  run(command: Command): Accepted {
    const outcome = accepted(this.state.execute(command));
    this.journal.push(commandBytes(command));
    this.steps.push(...outcome.steps.map(({ step }) => step));
    this.events.push(...outcome.events.map(({ event }) => event));
    return outcome;
  }

  /** The next epoch. @param pricesUsd by market; the seed prices where none is given */
  epoch(pricesUsd: Record<number, string>, change: (epoch: OpenedEpoch) => OpenedEpoch = (same) => same): Accepted {
    this.epochs += 1;
    const epoch = epochOf(this.epochs, pricesUsd);
    const liquidation = { ...epoch.liquidation, ...this.liquidation };
    return this.run({ type: "epoch", epoch: change({ ...epoch, liquidation }) });
  }

  /** A request from L1, or a deposit. */
  ask(
    kind: QueueEntry["kind"],
    account: number,
    fields: Partial<Omit<QueueEntry, "kind" | "account">> = {},
    tier = 2,
  ): Accepted {
    const entry = { kind, account, amountMicroUsd: 0n, minSequence: 0, owner: 0n, ax: 0n, ay: 0n, ...fields };
    return this.run({
      type: "queue",
      entry,
      cursor: this.state.desk.cursor,
      ...(kind === "deposit" || kind === "registration" ? {} : { tier }),
    });
  }

  sweep(): Accepted {
    return this.run({ type: "liquidationSweep" });
  }

  /** A resting order on a slot of its own. @returns its slot */
  rest(account: number, side: Side, lots: number, priceUsd: number, change: Partial<OrderMessage> = {}): number {
    this.sequence += 1;
    const slot = this.sequence % 4_096;
    const terms = { account, side, quantityLots: lots, limitPriceTicks: Math.round(priceUsd * 10), slot, ...change };
    const message = unsigned(order({ ...terms, sequence: this.sequence, maxFeePpm: 1_000 }));
    this.run({ type: "message", message, settle: false });
    return slot;
  }

  /** One buys from the other at a price. */
  trade(long: number, short: number, lots: number, priceUsd = 65_000, market = BTC, tickUsd = 0.1): void {
    const limitPriceTicks = Math.round(priceUsd / tickUsd);
    this.rest(short, "sell", lots, 0, { market, limitPriceTicks });
    this.rest(long, "buy", lots, 0, { market, limitPriceTicks, timeInForce: "IOC" });
  }

  lots(account: number, market = BTC): number {
    return this.state.ledger.positionLots(account, market);
  }

  /** TV − TR_m. */
  excess(account: number): bigint {
    const { valuePicoUsd, maintenancePicoUsd } = this.state.ledger.marginOf(account);
    return valuePicoUsd - maintenancePicoUsd;
  }

  value(account: number): bigint {
    return this.state.ledger.marginOf(account).valuePicoUsd;
  }

  get fund(): bigint {
    return this.state.ledger.settledRecord(INSURANCE_ACCOUNT).collateralPicoUsd;
  }
}

export function eventsOf({ events }: Accepted): ExchangeEvent[] {
  return events.map(({ event }) => event);
}

export function liquidatedOf(outcome: Accepted): LiquidatedEvent[] {
  return eventsOf(outcome).filter((event) => event.type === "liquidated");
}

export function deleveragedOf(outcome: Accepted): DeleveragedEvent[] {
  return eventsOf(outcome).filter((event) => event.type === "deleveraged");
}
