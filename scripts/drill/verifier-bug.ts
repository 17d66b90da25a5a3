import { Contract, ContractFactory, Wallet } from "ethers";
import { EXCHANGE_ABI } from "../../matcher/protocol/abi.ts";
import { parseDecimal } from "../../matcher/protocol/decimal.ts";
import { readArtifact } from "../devnet/artifact.ts";
import { devnetKeys } from "../devnet/wallets.ts";
import { verifierName } from "../generate.ts";
import type { GovernanceCall } from "./council.ts";
import { codeOf, type Participant, REHEARSED_TIER, type Rehearsal } from "./rehearsal.ts";
import { REHEARSAL_PROFILE } from "./rehearsal-profile.ts";

const USD = 1_000_000n;
const DEPOSIT_MICRO_USD = 20_000n * USD;
const PROOF_LIMIT_MS = 600_000;

/**
 * A bug is found in a verifier. The guardian lets no new risk in; the new verifier is announced longer ahead than anybody needs to
 * leave; everybody does; then it takes over, and the old one judges nothing any more. The rehearsal's new verifier has the old
 * one's key: what is rehearsed is the exchange of contracts, not of circuits.
 */
export async function verifierBug(rehearsal: Rehearsal): Promise<void> {
  const { list, council, deployment, provider } = rehearsal;
  const exchange = new Contract(deployment.exchange, EXCHANGE_ABI, provider);
  const tier = REHEARSED_TIER;
  const verifierOf = (): Promise<string> => exchange.getFunction("verifierOf").staticCall(tier.id);
  list.chapter("Alice and Bob trade");
  const alice = await rehearsal.participant("Alice", DEPOSIT_MICRO_USD);
  const bob = await rehearsal.participant("Bob", DEPOSIT_MICRO_USD);
  await alice.client.place({ market: "BTC-USD", side: "sell", price: "65000.0", size: "0.2" });
  const buy = { market: "BTC-USD", side: "buy", price: "65000.0", size: "0.2", timeInForce: "IOC" } as const;
  list.equal("Bob buys 0.2 BTC", 1, (await bob.client.place(buy)).fills.length);
  await proven(rehearsal);
  list.check("that is proven and settled", true);

  list.chapter("A bug is found: the guardian pauses, and the new verifier is announced");
  await council.act("guardian", { contract: "registry", name: "pause", values: [] });
  const name = verifierName(tier);
  const { abi, bytecode } = readArtifact(`generated/${name}.sol/${name}`);
  const deployed = await new ContractFactory(abi, bytecode, new Wallet(devnetKeys().owner, provider)).deploy();
  await deployed.waitForDeployment();
  const [old, next] = [await verifierOf(), await deployed.getAddress()];
  const calls: GovernanceCall[] = [
    { contract: "exchange", name: "addVerifier", values: [tier.id, next] },
    { contract: "exchange", name: "retireVerifier", values: [tier.id, old] },
  ];
  for (const call of calls) {
    list.equal(`${call.name} is nobody's at once`, "NotAuthorized", await council.refusal("verifiers", call));
  }
  await council.schedule("verifiers", calls);
  const { requestDeadlineSeconds, exitWindowSeconds, delaysSeconds } = REHEARSAL_PROFILE;
  list.check(
    `it is announced ${delaysSeconds.verifiers} s ahead: more than three deadlines and the exit window`,
    delaysSeconds.verifiers > 3 * requestDeadlineSeconds + exitWindowSeconds,
  );
  list.equal("nothing happens before", "AccessManagerNotReady", await council.executionRefusal("verifiers", calls));
  await rehearsal.epoch("an epoch of the pause", ({ markets }) =>
    markets.every(({ grossOpenInterestCapLots }) => grossOpenInterestCapLots === 0n),
  );
  list.equal("nobody's new position is taken", "OPEN_INTEREST_CAP", await codeOf(bob.client.place(buy)));

  list.chapter("Everybody leaves before it happens: positions closed, everything withdrawn and claimed");
  await alice.client.place({ ...buy, price: "65000.0", timeInForce: "GTT", reduceOnly: true });
  const sold = await bob.client.place({ ...buy, side: "sell", reduceOnly: true });
  list.equal("Bob and Alice close against each other", 1, sold.fills.length);
  await proven(rehearsal);
  for (const participant of [alice, bob]) await leave(rehearsal, participant);
  const [queued, settled, claimable, collected] = (await exchange.getFunction("vault").staticCall()) as bigint[];
  const left = (queued ?? 0n) + (settled ?? 0n) + (claimable ?? 0n) + (collected ?? 0n);
  list.check(`what is left in the exchange is fees: ${Number(left) / 1e6} USD`, left < 100n * USD);

  list.chapter("The delay is over: the new verifier takes over, and the old one is retired, in one transaction");
  await rehearsal.passTime(delaysSeconds.verifiers);
  await council.execute("verifiers", calls);
  list.equal("the new one judges", next, await verifierOf());
  const [previous] = await exchange.getFunction("successionOf").staticCall(tier.id);
  list.equal("the old one judges nothing any more", 0n, BigInt(previous));
  await council.act("guardian", { contract: "registry", name: "endPause", values: [] });

  list.chapter("Who wants to comes back");
  const root = await exchange.getFunction("sharedStateHash").staticCall();
  await bob.trader.wallet.deposit(bob.trader.account, DEPOSIT_MICRO_USD);
  await rehearsal.until("Bob's new deposit", async () => {
    const { collateral } = await bob.client.state();
    return parseDecimal(collateral, 12, "collateral") / 1_000_000n >= DEPOSIT_MICRO_USD || undefined;
  });
  await proven(rehearsal);
  const after = await exchange.getFunction("sharedStateHash").staticCall();
  list.check("batches are accepted by the new verifier", after !== root);
}

/** Waits until everything that was acknowledged is final. */
async function proven(rehearsal: Rehearsal): Promise<void> {
  const { matcher } = rehearsal;
  matcher.pipeline.cut();
  const goal = matcher.sequencer.state.stepCount;
  await rehearsal.until(
    "the proofs",
    () => matcher.sequencer.finality.provenThroughStep >= goal || undefined,
    PROOF_LIMIT_MS,
  );
}

/** Withdraws all of it and claims it. */
async function leave(rehearsal: Rehearsal, { trader, client }: Participant): Promise<void> {
  const { list } = rehearsal;
  const { collateral } = await client.state();
  const allMicroUsd = parseDecimal(collateral, 12, "collateral") / 1_000_000n;
  await client.withdraw(`${allMicroUsd / USD}.${(allMicroUsd % USD).toString().padStart(6, "0")}`);
  await proven(rehearsal);
  const before = await trader.wallet.balanceMicroUsd();
  await trader.wallet.claim();
  const paid = (await trader.wallet.balanceMicroUsd()) - before;
  list.equal(`${trader.name} has all ${Number(paid) / 1e6} USD back`, allMicroUsd, paid);
}
