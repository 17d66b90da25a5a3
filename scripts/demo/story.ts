import { Contract } from "ethers";
import { EXCHANGE_ABI, TEST_DOLLAR_ABI } from "../../matcher/protocol/abi.ts";
import type { WireFill, WireOrder, WirePlaced } from "../../matcher/protocol/api-wire.ts";
import { parseDecimal } from "../../matcher/protocol/decimal.ts";
import type { ClearbookClient } from "../../matcher/sdk/client.ts";
import { ClearbookError } from "../../matcher/sdk/http.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { FIRST_TRADER_WALLET } from "../devnet/wallets.ts";
import { checkReceipts } from "./audit-checks.ts";
import type { CheckList } from "./check-list.ts";
import { Crash } from "./crash.ts";
import { comparePublished } from "./published-checks.ts";
import { DemoTrader } from "./trader.ts";
import { until } from "./waiting.ts";
import type { World } from "./world.ts";

const MINTED_MICRO_USD = 100_000_000_000n;
const ALICE_DEPOSIT_MICRO_USD = 50_000_000_000n;
const BOB_DEPOSIT_MICRO_USD = 40_000_000_000n;
const WITHDRAWN = { usd: "1234.567891", microUsd: 1_234_567_891n };
/** A proof of the small tier on a busy machine. */
const BATCH_LIMIT_MS = 480_000;
const L1_LIMIT_MS = 120_000;

/** What the story tells, from the first wallet to the last unit. */
export class Story {
  readonly #world: World;
  readonly #list: CheckList;
  #alice!: DemoTrader;
  #bob!: DemoTrader;
  #asAlice!: ClearbookClient;
  #asBob!: ClearbookClient;
  #crashed: Crash | undefined;
  #toldBatches = 0;

  constructor(world: World, list: CheckList) {
    this.#world = world;
    this.#list = list;
  }

  async tell(): Promise<void> {
    await this.#register();
    await this.#deposit();
    const makers = await this.#trade();
    await this.#settled("Both rounds are settled", makers);
    await this.#published();
    await this.#withdraw();
    await this.#published();
    await this.#crash();
    await this.#audit();
    await this.#addUp();
  }

  #until<T>(what: string, limitMs: number, ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
    return until(what, limitMs, ask, this.#world.haltReport);
  }

  async #register(): Promise<void> {
    const { provider, deployment } = this.#world;
    this.#list.chapter("Two traders register trading keys with their wallets");
    this.#alice = await DemoTrader.register("Alice", FIRST_TRADER_WALLET, provider, deployment, MINTED_MICRO_USD);
    this.#bob = await DemoTrader.register("Bob", FIRST_TRADER_WALLET + 1, provider, deployment, MINTED_MICRO_USD);
    const { account: alice } = this.#alice;
    const { account: bob } = this.#bob;
    this.#list.check(`Alice is account ${alice}, Bob is account ${bob}`, alice > 0 && bob > 0 && alice !== bob);
    const contract = new Contract(deployment.exchange, EXCHANGE_ABI, provider);
    const owner = await contract.getFunction("accountOwner").staticCall(alice);
    this.#list.equal("the contract knows Alice's wallet as the owner of her account", this.#alice.address, owner);
  }

  async #deposit(): Promise<void> {
    this.#list.chapter("They deposit through the contract: Alice by approval, Bob by permit");
    await this.#alice.wallet.deposit(this.#alice.account, ALICE_DEPOSIT_MICRO_USD);
    await this.#bob.wallet.depositWithPermit(this.#bob.account, BOB_DEPOSIT_MICRO_USD);
    this.#asAlice = await this.#connect(this.#alice, ALICE_DEPOSIT_MICRO_USD);
    this.#asBob = await this.#connect(this.#bob, BOB_DEPOSIT_MICRO_USD);
    this.#list.check("the matcher credits both to the unit, once L1 has confirmed them", true);
  }

  /** A trader's client, once the deposit has arrived. */
  #connect(trader: DemoTrader, amountMicroUsd: bigint): Promise<ClearbookClient> {
    const { matcher, deployment } = this.#world;
    return this.#until(`${trader.name}'s deposit`, L1_LIMIT_MS, async () => {
      try {
        const client = await trader.connect(matcher.url, deployment);
        const { collateral } = await client.state();
        return parseDecimal(collateral, 6, "collateral") === amountMicroUsd ? client : undefined;
      } catch (error) {
        if (error instanceof ClearbookError && error.code === "UNKNOWN_ACCOUNT") return undefined;
        throw error;
      }
    });
  }

  /** @returns the two resting orders that are filled in two batches. */
  async #trade(): Promise<{ client: ClearbookClient; placed: WirePlaced }[]> {
    const [alice, bob] = [this.#asAlice, this.#asBob];
    this.#list.chapter("They sign orders in two markets");
    const sell = await alice.place({ market: "BTC-USD", side: "sell", price: "65000.0", size: "0.5" });
    const buy = await bob.place({ market: "ETH-USD", side: "buy", price: "3000.00", size: "4" });
    this.#list.check(
      "Alice's sale of 0.5 BTC and Bob's purchase of 4 ETH rest in the book",
      isOpen(sell) && isOpen(buy),
    );
    await this.#refusals();

    this.#list.chapter("First round: each takes a part of the other's order");
    const first = await this.#takeParts("0.2", "1.5");
    this.#list.equal("0.2 BTC and 1.5 ETH are filled at the makers' prices", "65000.0 3000.00", first);
    // The batcher would wait for a free prover; the story wants two batches on the way at once.
    this.#world.matcher.pipeline.cut();

    this.#list.chapter("Second round, while the first batch is being proven");
    const second = await this.#takeParts("0.25", "1");
    this.#list.equal("0.25 BTC and 1 ETH more are filled from the same two orders", "65000.0 3000.00", second);
    await alice.cancel({ slot: sell.order.slot, sequence: sell.order.sequence }, true);
    const [cancelled] = (await alice.orders("all")).filter((order) => sameOrder(order, sell.order));
    this.#list.equal("Alice cancels what is left of hers for good", "closed", cancelled?.status ?? "gone");
    return [
      { client: alice, placed: sell },
      { client: bob, placed: buy },
    ];
  }

  /** @returns the prices that were paid. */
  async #takeParts(btc: string, eth: string): Promise<string> {
    const bought = await this.#asBob.place({
      market: "BTC-USD",
      side: "buy",
      price: "65100.0",
      size: btc,
      timeInForce: "IOC",
    });
    const sold = await this.#asAlice.place({
      market: "ETH-USD",
      side: "sell",
      price: "2990.00",
      size: eth,
      timeInForce: "IOC",
    });
    return [...bought.fills, ...sold.fills].map(({ price }) => price).join(" ");
  }

  async #refusals(): Promise<void> {
    const codeOf = (attempt: Promise<unknown>) =>
      attempt.then(
        () => "accepted",
        (error: unknown) => (error instanceof ClearbookError ? error.code : String(error)),
      );
    const huge = { market: "BTC-USD", side: "buy", price: "64000.0", size: "90" } as const;
    this.#list.equal(
      "90 BTC on Bob's 40,000 USD are refused",
      "INSUFFICIENT_INITIAL_MARGIN",
      await codeOf(this.#asBob.place(huge)),
    );
    const forged = await fetch(`${this.#world.matcher.url}/v1/cancel-all`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        account: this.#alice.account,
        sequence: 2 ** 40,
        signature: this.#asBob.signer.sign({ kind: "cancelAll", account: this.#alice.account, sequence: 2 ** 40 }),
      }),
    });
    const { code } = (await forged.json()) as { code: string };
    this.#list.equal("Bob's signature cannot cancel Alice's orders", "WRONG_SIGNATURE", code);
  }

  async #settled(claim: string, makers: { client: ClearbookClient; placed: WirePlaced }[]): Promise<void> {
    const { matcher } = this.#world;
    this.#list.chapter("Every batch is proven and accepted by the contract");
    matcher.pipeline.cut();
    const goal = matcher.sequencer.state.stepCount;
    await this.#until(claim, BATCH_LIMIT_MS, () =>
      matcher.sequencer.finality.provenThroughStep >= goal ? true : undefined,
    );
    const batches = (await this.#asAlice.batches(1_000)).reverse();
    for (const batch of batches.filter(({ batchNumber }) => batchNumber > this.#toldBatches)) {
      const { tier, rows, fills, timings, gasUsed } = batch.details as unknown as BatchDetails;
      const times = `witness ${timings.witnessMs} ms, proof ${timings.proveMs} ms, settled ${timings.totalMs} ms after its first step`;
      this.#list.note(`batch ${batch.batchNumber} (${tier}): ${fills} fills in ${rows} rows, ${times}, ${gasUsed} gas`);
    }
    this.#toldBatches = batches.at(-1)?.batchNumber ?? 0;
    for (const { client, placed } of makers) {
      const fills = (await client.fills(1_000)).filter((fill) => sameOrder(fill, placed.order));
      const batches = new Set(fills.map(({ finality }) => finality.batchNumber));
      const { market, side } = placed.order;
      const proven = fills.every(({ finality }) => finality.label === "proven");
      this.#list.check(
        `the ${market} ${side} order was filled in two batches (${[...batches].sort().join(" and ")}), both proven`,
        fills.length === 2 && batches.size === 2 && proven,
        `${fills.length} fills in ${batches.size} batches`,
      );
    }
  }

  async #crash(): Promise<void> {
    const crash = new Crash({
      world: this.#world,
      list: this.#list,
      alice: this.#asAlice,
      bob: this.#asBob,
      bobsWallet: this.#bob,
      mintedMicroUsd: MINTED_MICRO_USD,
      connect: (trader, amountMicroUsd) => this.#connect(trader, amountMicroUsd),
      until: (what, limitMs, ask) => this.#until(what, limitMs, ask),
    });
    await crash.happen();
    this.#crashed = crash;
    await this.#settled("Everything that the crash led to is settled", []);
    await crash.recorded();
    await this.#published();
  }

  async #published(): Promise<void> {
    const { provider, deployment, matcher } = this.#world;
    this.#list.chapter("The state, rebuilt from the published data alone, is the matcher's");
    await comparePublished(this.#list, {
      provider,
      deployment,
      hash: await buildFastPoseidon(),
      settledBatches: matcher.pipeline.status().settledBatches,
      clients: [this.#asAlice, this.#asBob, ...(this.#crashed?.clients ?? [])],
    });
  }

  async #audit(): Promise<void> {
    const { provider, deployment, matcher } = this.#world;
    this.#list.chapter("The traders hold the operator to what it acknowledged");
    const clients = [this.#asAlice, this.#asBob, ...(this.#crashed?.clients ?? [])];
    // The next epoch fixes what had no effect that a batch could settle.
    const { epochNumber } = matcher.sequencer.state;
    await this.#until(
      "the next epoch",
      BATCH_LIMIT_MS,
      () => matcher.sequencer.state.epochNumber > epochNumber || undefined,
    );
    await checkReceipts(this.#list, { provider, deployment, apiUrl: matcher.url, clients });
  }

  async #withdraw(): Promise<void> {
    const { matcher } = this.#world;
    this.#list.chapter(`Alice withdraws ${WITHDRAWN.usd} USD and claims them on L1`);
    const before = await this.#alice.wallet.balanceMicroUsd();
    const { nonce } = await this.#asAlice.withdraw(WITHDRAWN.usd);
    matcher.pipeline.cut();
    const [withdrawal] = await this.#until("the withdrawal's batch", BATCH_LIMIT_MS, async () => {
      const found = (await this.#asAlice.withdrawals()).filter((entry) => entry.nonce === nonce);
      return found[0]?.finality.label === "proven" ? found : undefined;
    });
    this.#list.note(`proven in batch ${withdrawal?.finality.batchNumber}`);
    this.#list.equal(
      "the contract holds it ready for her",
      WITHDRAWN.microUsd,
      await this.#alice.wallet.claimableMicroUsd(),
    );
    const { amountMicroUsd } = await this.#alice.wallet.claim();
    this.#list.equal("the claim pays exactly that", WITHDRAWN.microUsd, amountMicroUsd);
    const after = await this.#alice.wallet.balanceMicroUsd();
    this.#list.equal("and it arrives in her wallet", before + WITHDRAWN.microUsd, after);
  }

  async #addUp(): Promise<void> {
    const { provider, deployment } = this.#world;
    this.#list.chapter("The money adds up to the unit");
    const token = new Contract(deployment.token, TEST_DOLLAR_ABI, provider);
    const supply: bigint = await token.getFunction("totalSupply").staticCall();
    const held: bigint = await token.getFunction("balanceOf").staticCall(deployment.exchange);
    const traders = [this.#alice, this.#bob, ...(this.#crashed?.traders ?? [])];
    const balances = await Promise.all(traders.map(({ wallet }) => wallet.balanceMicroUsd()));
    const wallets = balances.reduce((sum, balance) => sum + balance, 0n);
    this.#list.equal("100,000 test dollars were minted for each of five", 5n * MINTED_MICRO_USD, supply);
    this.#list.equal("wallets and exchange hold all of them", supply, wallets + held);
    const deposits = ALICE_DEPOSIT_MICRO_USD + BOB_DEPOSIT_MICRO_USD + (this.#crashed?.depositedMicroUsd ?? 0n);
    this.#list.equal("the exchange holds deposits less withdrawals", deposits - WITHDRAWN.microUsd, held);
    const exchange = new Contract(deployment.exchange, EXCHANGE_ABI, provider);
    const [queued, settled, claimable] = (await exchange.getFunction("vault").staticCall()) as bigint[];
    this.#list.equal("all of it is in the settled pool", `0 ${held} 0`, `${queued} ${settled} ${claimable}`);
  }
}

interface BatchDetails {
  readonly tier: string;
  readonly rows: number;
  readonly fills: number;
  readonly gasUsed: number;
  readonly timings: { readonly witnessMs: number; readonly proveMs: number; readonly totalMs: number };
}

function isOpen({ order }: WirePlaced): boolean {
  return order.status === "open" && order.remainingSize === order.size;
}

function sameOrder(left: Pick<WireFill, "slot" | "sequence">, right: Pick<WireOrder, "slot" | "sequence">): boolean {
  return left.slot === right.slot && left.sequence === right.sequence;
}
