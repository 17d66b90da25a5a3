import { Contract } from "ethers";
import { EXCHANGE_ABI } from "../../matcher/protocol/abi.ts";
import { parseDecimal } from "../../matcher/protocol/decimal.ts";
import type { WireDeleveraged, WireForcedTrade, WireLiquidated } from "../../matcher/protocol/liquidation-wire.ts";
import type { WireInsurance } from "../../matcher/protocol/margin-wire.ts";
import { INSURANCE_ACCOUNT } from "../../matcher/protocol/spec.ts";
import type { ClearbookClient } from "../../matcher/sdk/client.ts";
import { FIRST_TRADER_WALLET } from "../devnet/wallets.ts";
import type { CheckList } from "./check-list.ts";
import { DemoTrader } from "./trader.ts";
import type { World } from "./world.ts";

/** SOL-USD. */
const MARKET = { index: 2, symbol: "SOL-USD" } as const;
const EPOCH_LIMIT_MS = 300_000;
const USD = 1_000_000n;
const FUND_MICRO_USD = 1_000n * USD;

/** Who buys how much on which deposit, so that the crash meets each differently. */
const CAST = [
  { name: "Carol", depositMicroUsd: 1_560n * USD, size: "100" },
  { name: "Dave", depositMicroUsd: 1_700n * USD, size: "100" },
  { name: "Erin", depositMicroUsd: 9_300n * USD, size: "300" },
] as const;

export interface CrashContext {
  readonly world: World;
  readonly list: CheckList;
  readonly alice: ClearbookClient;
  readonly bob: ClearbookClient;
  readonly bobsWallet: DemoTrader;
  readonly mintedMicroUsd: bigint;
  readonly connect: (trader: DemoTrader, depositedMicroUsd: bigint) => Promise<ClearbookClient>;
  readonly until: <T>(what: string, limitMs: number, ask: () => Promise<T | undefined>) => Promise<T>;
}

/**
 * A market falls in three steps: one trader is liquidated in part, then two are liquidated whole with the insurance fund's help, then the fund
 * runs dry and a winner is deleveraged.
 */
export class Crash {
  readonly #context: CrashContext;
  readonly traders: DemoTrader[] = [];
  readonly clients: ClearbookClient[] = [];

  constructor(context: CrashContext) {
    this.#context = context;
  }

  /** Everything that the traders and the fund brought in. */
  get depositedMicroUsd(): bigint {
    return CAST.reduce((sum, { depositMicroUsd }) => sum + depositMicroUsd, FUND_MICRO_USD);
  }

  async happen(): Promise<void> {
    await this.#open();
    await this.#partly();
    await this.#wholly();
    await this.#deleverage();
  }

  async #open(): Promise<void> {
    const { world, list, alice, bobsWallet, connect, mintedMicroUsd } = this.#context;
    list.chapter(`Three more traders buy ${MARKET.symbol} on margin from Alice; Bob fills the insurance fund`);
    for (const [i, { name, depositMicroUsd }] of CAST.entries()) {
      const { provider, deployment } = world;
      const wallet = FIRST_TRADER_WALLET + 2 + i;
      const trader = await DemoTrader.register(name, wallet, provider, deployment, mintedMicroUsd);
      await trader.wallet.deposit(trader.account, depositMicroUsd);
      this.traders.push(trader);
    }
    await bobsWallet.wallet.deposit(INSURANCE_ACCOUNT, FUND_MICRO_USD);
    for (const [i, trader] of this.traders.entries()) {
      this.clients.push(await connect(trader, CAST[i]?.depositMicroUsd as bigint));
    }
    await this.#context.until("the fund's deposit", EPOCH_LIMIT_MS, async () =>
      (await this.#insurance()).balance === "1000" ? true : undefined,
    );
    await alice.place({ market: MARKET.symbol, side: "sell", price: "150.000", size: "500" });
    for (const [i, client] of this.clients.entries()) {
      const size = CAST[i]?.size as string;
      await client.place({ market: MARKET.symbol, side: "buy", price: "150.000", size, timeInForce: "IOC" });
    }
    const sizes = await Promise.all([...this.clients, alice].map((client) => this.#sizeOf(client)));
    list.equal("they are long 100, 100 and 300, Alice is short 500", "100 100 300 -500", sizes.join(" "));
    const position = (await alice.state()).positions.find(({ market }) => market === MARKET.symbol);
    const rank = position?.deleveragingRank;
    list.equal("Alice sees beforehand that she is first in line to be deleveraged", 1, rank?.position ?? 0);
    const [carol] = this.clients as [ClearbookClient];
    const liquidation = (await carol.state()).positions.find(
      ({ market }) => market === MARKET.symbol,
    )?.liquidationPrice;
    list.check(`Carol sees beforehand that she is liquidated below ${liquidation} USD`, Number(liquidation) > 141);
  }

  async #partly(): Promise<void> {
    const { world, list, bob } = this.#context;
    list.chapter(`${MARKET.symbol} falls by 6 % to 141: Carol is below maintenance margin`);
    const bid = await bob.place({ market: MARKET.symbol, side: "buy", price: "140.900", size: "20" });
    world.shock(MARKET.index, -60_000);
    const [carol, dave] = this.clients as [ClearbookClient, ClearbookClient];
    const trade = await this.#liquidated(carol, 1);
    const { equity, maintenanceMargin, liquidatable } = await carol.state();
    const size = Number(trade?.size ?? "0");
    list.check(`${trade?.size} of her 100 are sold, no more than restores her margin`, size > 0 && size < 20);
    list.check(`she has ${equity} USD where ${maintenanceMargin} are needed`, !liquidatable);
    const one = 15;
    list.check(
      "by less than one lot's worth of margin and fee",
      Number(equity) - Number(maintenanceMargin) < one / 1_000,
    );
    list.check(`she pays ${trade?.fee} USD to the fund`, Number(trade?.fee ?? "0") > 0);
    list.equal("Dave, with more margin, keeps all of his", "100", await this.#sizeOf(dave));
    await bob.cancel({ slot: bid.order.slot, sequence: bid.order.sequence });
  }

  async #wholly(): Promise<void> {
    const { world, list, bob } = this.#context;
    list.chapter(`${MARKET.symbol} falls by 8 % more: Carol and Dave are bankrupt`);
    const before = await this.#insurance();
    const bid = await bob.place({ market: MARKET.symbol, side: "buy", price: "129.600", size: "400" });
    world.shock(MARKET.index, -80_000);
    const [carol, dave, erin] = this.clients as [ClearbookClient, ClearbookClient, ClearbookClient];
    const trades = [await this.#liquidated(carol, 2), await this.#liquidated(dave, 1)];
    const sizes = await Promise.all([carol, dave, erin].map((client) => this.#sizeOf(client)));
    list.equal("the book takes all that they had; Erin keeps hers", "0 0 300", sizes.join(" "));
    for (const client of [carol, dave]) {
      const { collateral } = await client.state();
      const left = parseDecimal(collateral, 12, "collateral");
      list.check(
        `account ${client.account} ends with nothing, and owes nothing`,
        left >= 0n && left < 1_000_000n,
        collateral,
      );
    }
    const paid = trades.reduce((sum, trade) => sum + parseDecimal(trade?.payout ?? "0", 12, "payout"), 0n);
    const { balance, spent } = await this.#insurance();
    const fell = parseDecimal(before.balance, 12, "balance") - parseDecimal(balance, 12, "balance");
    list.check(
      `the fund pays the ${spent} USD that were missing`,
      paid > 0n && fell === paid,
      `${fell} against ${paid}`,
    );
    await bob.cancel({ slot: bid.order.slot, sequence: bid.order.sequence });
  }

  async #deleverage(): Promise<void> {
    const { world, list, alice, bob } = this.#context;
    list.chapter(`${MARKET.symbol} falls by 10 % more: Erin is bankrupt, and the fund cannot pay for all of it`);
    const { balance: before } = await this.#insurance();
    const bid = await bob.place({ market: MARKET.symbol, side: "buy", price: "116.600", size: "400" });
    world.shock(MARKET.index, -100_000);
    const [, , erin] = this.clients as [ClearbookClient, ClearbookClient, ClearbookClient];
    const [hers, alices] = await this.#context.until("Erin's deleveraging", EPOCH_LIMIT_MS, async () => {
      const found = await Promise.all(
        [erin, alice].map(async (client) => deleveragings(await client.forcedTrades())[0]),
      );
      return found[0] !== undefined && found[1] !== undefined
        ? (found as [WireDeleveraged, WireDeleveraged])
        : undefined;
    });
    const taken = liquidations(await erin.forcedTrades()).reduce((sum, { size }) => sum + Number(size), 0);
    list.note(`the book took ${taken} of her 300, as long as the fund could make up for the price`);
    list.equal("the rest of it is closed against Alice, who is told why", "insurance-exhausted", alices.reason);
    list.equal("at the price that everybody is judged by", hers.price, alices.price);
    list.equal("nothing of Erin's position is left", "0", await this.#sizeOf(erin));
    const { balance } = await this.#insurance();
    list.equal(`the fund gave the last of its ${before} USD before Alice gave anything`, "0", balance);
    const shared = parseDecimal(hers.received, 12, "received") - parseDecimal(hers.covered, 12, "covered");
    const gave = -parseDecimal(alices.received, 12, "received");
    list.check(
      `Alice bears the ${-Number(alices.received)} USD that are left, and nobody else anything`,
      shared === gave && gave > 0n,
    );
    await bob.cancel({ slot: bid.order.slot, sequence: bid.order.sequence });
  }

  /** What L1 says of it, once all batches are settled. */
  async recorded(): Promise<void> {
    const { world, list } = this.#context;
    const { provider, deployment } = world;
    const contract = new Contract(deployment.exchange, EXCHANGE_ABI, provider);
    const logs = await contract.queryFilter("InsuranceSpent", deployment.firstBlock);
    list.check(`L1 has ${logs.length} batches in which the insurance fund paid`, logs.length >= 2);
    for (const client of [...this.clients, this.#context.alice]) {
      const trades = await client.forcedTrades();
      const proven = trades.every(({ finality }) => finality.label === "proven");
      list.check(`account ${client.account}: ${trades.length} forced trades, each proven`, trades.length > 0 && proven);
    }
  }

  async #insurance(): Promise<WireInsurance> {
    const response = await fetch(`${this.#context.world.matcher.url}/v1/insurance`);
    return (await response.json()) as WireInsurance;
  }

  async #sizeOf(client: ClearbookClient): Promise<string> {
    const { positions } = await client.state();
    return positions.find(({ market }) => market === MARKET.symbol)?.size ?? "0";
  }

  /** The newest of an account's liquidations, once there are so many. */
  #liquidated(client: ClearbookClient, count: number): Promise<WireLiquidated | undefined> {
    return this.#context.until(`a liquidation of account ${client.account}`, EPOCH_LIMIT_MS, async () => {
      const found = liquidations(await client.forcedTrades());
      return found.length >= count ? found.sort((a, b) => b.atMs - a.atMs)[0] : undefined;
    });
  }
}

function liquidations(trades: readonly WireForcedTrade[]): WireLiquidated[] {
  return trades.filter((trade) => trade.kind === "liquidated");
}

function deleveragings(trades: readonly WireForcedTrade[]): WireDeleveraged[] {
  return trades.filter((trade) => trade.kind === "deleveraged");
}
