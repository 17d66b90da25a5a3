import { expect } from "chai";
import type { Epoch } from "../../matcher/protocol/epoch.ts";
import type { Side } from "../../matcher/protocol/message.ts";
import { INSURANCE_ACCOUNT, MARKETS, PICO_PER_MICRO } from "../../matcher/protocol/spec.ts";
import type { BatchInput } from "../../matcher/prover/witness.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import type { BatchTrace } from "../../matcher/state/trace.ts";
import { checkTrace } from "../fixtures/check-trace.ts";
import { write } from "./attack-inputs.ts";
import { BatchCircuit, type Tamper } from "./batch-circuit.ts";
import { type BatchPlan, type LiquidationPlan, testEpoch, World } from "./forge.ts";

export const MICRO = PICO_PER_MICRO;
export const PRICE = 1_000n;
export const WEAK = 3;
export const OTHER = 9;
/** Of 1,000 lots at 1,000 ticks and 5 %. */
export const MAINTENANCE = 50_000n * MICRO;
export const FUND = 1_000_000n * MICRO;
export const sizes = (...lots: bigint[]) => [...lots, ...new Array(MARKETS - lots.length).fill(0n)];
export const pays = (payoutPicoUsd: bigint) => ({ payoutPicoUsd, coveredPicoUsd: payoutPicoUsd });

/** A prover's choice of accounts for the first liquidation. */
export function choose(input: BatchInput, name: string, choice: readonly bigint[]): void {
  for (const [j, value] of choice.entries()) write(input, [name, 0, j], value);
}

export function liquidation(
  quantityLots: number,
  quoteMicroUsd: bigint,
  change: Partial<LiquidationPlan> = {},
): LiquidationPlan {
  return {
    kind: "liquidation",
    account: WEAK,
    market: 0,
    side: "sell",
    quantityLots,
    quoteMicroUsd,
    feePicoUsd: 0n,
    payoutPicoUsd: 0n,
    coveredPicoUsd: 0n,
    ...change,
  };
}

/** An exchange with a fund, a weak account and a rich one on the other side, and one batch that liquidates. */
export class WeakExchange {
  readonly circuit: BatchCircuit;
  world: World;

  private constructor(circuit: BatchCircuit) {
    this.circuit = circuit;
    this.world = new World(circuit.hash);
  }

  static async load(): Promise<WeakExchange> {
    return new WeakExchange(await BatchCircuit.load("test", await buildFastPoseidon()));
  }

  /** Anew, with the weak account's value and size in market 0. */
  open(valuePicoUsd: bigint, lots = 1_000n, epoch: Epoch = testEpoch(), fund = FUND): World {
    const world = new World(this.circuit.hash, epoch);
    world.seed(INSURANCE_ACCOUNT, { collateralPicoUsd: fund });
    world.seed(WEAK, { collateralPicoUsd: valuePicoUsd - lots * PRICE * MICRO, sizesLots: sizes(lots) });
    const rich = 10n ** 18n + lots * PRICE * MICRO;
    world.seed(OTHER, { collateralPicoUsd: rich, sizesLots: sizes(-lots) });
    this.world = world;
    return world;
  }

  /** With the other side of it: an order of the rich account. */
  batch(row: LiquidationPlan, change: Partial<BatchPlan> = {}): BatchPlan {
    const side: Side = row.side === "sell" ? "buy" : "sell";
    const limitPriceTicks = side === "buy" ? 1_050 : 950;
    const message = this.world.order({ account: OTHER, side, limitPriceTicks, quantityLots: 10_000 });
    const { quantityLots, quoteMicroUsd } = row;
    return { rows: [{ message, quantityLots, quoteMicroUsd }], liquidations: [row], ...change };
  }

  /** What the circuit says; without tampering the second formulation of the rules must agree. */
  async refusal(row: LiquidationPlan, tamper?: Tamper, change?: Partial<BatchPlan>): Promise<string | undefined> {
    return this.judged(this.world.forge(this.batch(row, change)), tamper);
  }

  async judged(trace: BatchTrace, tamper?: Tamper): Promise<string | undefined> {
    const refusal = await this.circuit.refusal(trace, tamper);
    if (tamper === undefined) {
      const check = () => checkTrace(trace, this.circuit.hash);
      if (refusal === undefined) check();
      else expect(check, refusal).to.throw();
    }
    return refusal;
  }

  async passes(row: LiquidationPlan, change?: Partial<BatchPlan>): Promise<void> {
    expect(await this.refusal(row, undefined, change)).to.equal(undefined);
  }

  async refused(template: string, row: LiquidationPlan, tamper?: Tamper, change?: Partial<BatchPlan>): Promise<void> {
    expect(await this.refusal(row, tamper, change)).to.match(new RegExp(`^${template}\\b`));
  }
}
