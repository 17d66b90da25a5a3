import { DEVNET_FEE_TIERS, DEVNET_FUNDING_MARKETS } from "../../../matcher/protocol/devnet-markets.ts";
import type { EpochMarket } from "../../../matcher/protocol/epoch.ts";
import { MINUTE_FUNDING } from "../../../matcher/protocol/funding-schedule.ts";
import type { Instruction, Signature, Signed } from "../../../matcher/protocol/message.ts";
import { FIELD_ORDER } from "../../../matcher/protocol/spec.ts";
import { closedMarket } from "../../../matcher/risk/epoch-terms.ts";
import type { Command } from "../../../matcher/sequencer/command.ts";
import { ExchangeState } from "../../../matcher/sequencer/exchange-state.ts";
import type { Accepted } from "../../../matcher/sequencer/outcome.ts";
import { FLOW_MID_TICKS, FLOW_SECONDS, flowRules, LIVE_MARKETS } from "../book/book-flow.ts";
import { firstEpoch, fundedAccount } from "../frame/opening.ts";

export const BAND_TICKS = 50_000;

const market: EpochMarket = {
  priceTicks: FLOW_MID_TICKS,
  imfPpm: 50_000,
  mmfPpm: 30_000,
  priceMinTicks: FLOW_MID_TICKS - BAND_TICKS,
  priceMaxTicks: FLOW_MID_TICKS + BAND_TICKS,
  fundingIndexPicoUsd: 0n,
  grossOpenInterestCapLots: 2n ** 48n - 1n,
  restricted: false,
  retired: false,
  isolatedOnly: false,
  positionCapLots: 2n ** 40n - 1n,
  exitHaircutPpm: 15_000,
};

/** Numbers of the size of a signature's, different ones for each message: the state machine takes messages whose signatures were checked. */
export function placeholderSignature(number: number): Signature {
  const step = (FIELD_ORDER / 3n) * BigInt(number + 1);
  return { r8x: step % FIELD_ORDER, r8y: (step * 5n) % FIELD_ORDER, s: ((step * 7n) % FIELD_ORDER) >> 3n };
}

/** An exchange in its first epoch, with the markets of the book's flow at its middle price, whose accounts have keys of the right size. */
export class PlainExchange {
  readonly state = new ExchangeState({
    rules: flowRules,
    feeSchedule: DEVNET_FEE_TIERS,
    funding: { schedule: MINUTE_FUNDING, markets: DEVNET_FUNDING_MARKETS },
  });
  private messages = 0;

  constructor() {
    this.execute(firstEpoch(FLOW_SECONDS, (index) => (index < LIVE_MARKETS ? market : closedMarket())));
  }

  /** Registers accounts 1 … n, with a million USD each. */
  open(accounts: number): void {
    for (let account = 1; account <= accounts; account++) {
      const { r8x: ax, r8y: ay } = placeholderSignature(account);
      const owner = ((2n ** 160n / 3n) * BigInt(account)) >> 20n;
      for (const command of fundedAccount(account, owner, { ax, ay })) this.execute(command);
    }
  }

  signed<M extends Instruction>(message: M): Signed<M> {
    this.messages += 1;
    return { ...message, signature: placeholderSignature(this.messages) };
  }

  /** @throws Error when it is refused: a benchmark must not measure refusals */
  execute(command: Command): Accepted {
    const outcome = this.state.execute(command);
    if (!outcome.accepted) throw new Error(`refused: ${outcome.code}`);
    return outcome;
  }
}
