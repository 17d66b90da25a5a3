import { Contract } from "ethers";
import { EXCHANGE_ABI, PRICE_ORACLE_ABI } from "../../matcher/protocol/abi.ts";
import { devnetParameters } from "../devnet/risk-parameters.ts";
import { type GovernanceCall, refusalOf } from "./council.ts";
import { codeOf, type Rehearsal } from "./rehearsal.ts";
import { REHEARSAL_PROFILE } from "./rehearsal-profile.ts";

const USD = 1_000_000n;
/** SOL-USD. */
const MARKET = 2;
/** Gross, both sides counted: far below what production begins with. */
const TIGHT_CAP_LOTS = 3_000_000n;

/** Somebody moves a thin market. The oracle holds the price back, the guardian lets no new risk in, and parameters are tightened. */
export async function marketPumped(rehearsal: Rehearsal): Promise<void> {
  const { list, council, deployment, provider } = rehearsal;
  list.chapter("Alice and Bob trade SOL-USD at 150");
  const { client: alice } = await rehearsal.participant("Alice", 50_000n * USD);
  const { client: bob, trader: bobsWallet } = await rehearsal.participant("Bob", 50_000n * USD);
  const { client: carol } = await rehearsal.participant("Carol", 1_000n * USD);
  await rehearsal.epoch("an epoch with a fresh price", ({ markets }) => markets[MARKET]?.restricted === false);
  await alice.place({ market: "SOL-USD", side: "sell", price: "150.000", size: "100" });
  const buy = { market: "SOL-USD", side: "buy", price: "150.000", size: "10", timeInForce: "IOC" } as const;
  list.equal("Bob buys 10 SOL", 1, (await bob.place(buy)).fills.length);

  list.chapter("The price doubles at every source at once");
  rehearsal.shock(MARKET, 1_000_000);
  const oracle = new Contract(deployment.oracle, PRICE_ORACLE_ABI, provider);
  await rehearsal.until("a price that is held back", async () => {
    return (await oracle.queryFilter("PriceHeldBack", deployment.firstBlock)).length > 0 || undefined;
  });
  const held = await rehearsal.epoch("the next epoch", () => true);
  list.check(
    `the oracle holds it back: epoch ${held.number} is still at ${(held.markets[MARKET]?.priceTicks ?? 0) / 1_000} USD`,
    (held.markets[MARKET]?.priceTicks ?? 0) < 152_000,
  );
  await rehearsal.epoch("a restricted market", ({ markets }) => markets[MARKET]?.restricted === true);
  list.equal("once it is stale nobody buys more", "MARKET_RESTRICTED", await codeOf(bob.place(buy)));
  const other = { market: "ETH-USD", side: "buy", price: "3000.00", size: "1" } as const;
  list.equal("the other markets go on", "accepted", await codeOf(bob.place({ ...other, price: "2990.00" })));
  await bob.cancelAll();

  list.chapter("The guardian pauses new risk in all markets, at once");
  await council.act("guardian", { contract: "registry", name: "pause", values: [] });
  const paused = await rehearsal.epoch("an epoch of the pause", ({ markets }) =>
    markets.every(({ grossOpenInterestCapLots }) => grossOpenInterestCapLots === 0n),
  );
  list.check(`epoch ${paused.number} lets no open interest grow, in any market`, true);
  list.equal("Bob cannot open a position in ETH", "OPEN_INTEREST_CAP", await codeOf(bob.place(other)));
  const exchange = new Contract(deployment.exchange, EXCHANGE_ABI, provider);
  const deposit = exchange.getFunction("deposit").staticCall(bobsWallet.account, USD, { from: bobsWallet.address });
  list.equal("nor deposit", "DepositsPaused", await refusalOf(deposit));
  list.equal("Carol withdraws all the same", "accepted", await codeOf(carol.withdraw("1000")));

  list.chapter("The role for parameters tightens SOL-USD, with notice");
  const parameters = devnetParameters();
  Object.assign(parameters.markets[MARKET] as object, { openInterestCapLots: TIGHT_CAP_LOTS, imfPpm: 200_000 });
  const call: GovernanceCall = { contract: "registry", name: "appendParameters", values: [parameters] };
  list.equal("nobody does that at once", "NotAuthorized", await council.refusal("parameters", call));
  await council.schedule("parameters", [call]);
  await rehearsal.passTime(REHEARSAL_PROFILE.delaysSeconds.parameters);
  await council.execute("parameters", [call]);
  const tightened = await rehearsal.epoch("the new version", ({ markets }) => markets[MARKET]?.imfPpm === 200_000);
  list.equal(
    `epoch ${tightened.number} is the first with it; earlier ones keep theirs`,
    200_000,
    tightened.markets[MARKET]?.imfPpm ?? 0,
  );

  list.chapter("The price is back where it was; the guardian ends the pause, and has no second one");
  rehearsal.shock(MARKET, -500_000);
  await council.act("guardian", { contract: "registry", name: "endPause", values: [] });
  const pause: GovernanceCall = { contract: "registry", name: "pause", values: [] };
  list.equal("a second pause waits for the admin", "PauseSpent", await council.refusal("guardian", pause));
  await rehearsal.epoch("a market that trades", ({ markets }) => {
    const market = markets[MARKET];
    return market !== undefined && !market.restricted && market.grossOpenInterestCapLots === TIGHT_CAP_LOTS;
  });
  await alice.place({ market: "ETH-USD", side: "sell", price: "3000.00", size: "5" });
  list.equal("Bob buys ETH", 1, (await bob.place({ ...other, timeInForce: "IOC" })).fills.length);
}
