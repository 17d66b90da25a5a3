import { Contract, Wallet } from "ethers";
import { PRICE_ORACLE_ABI } from "../../matcher/protocol/abi.ts";
import { devnetKeys, devnetWallet, ORACLE_ROLES } from "../devnet/wallets.ts";
import type { GovernanceCall } from "./council.ts";
import { codeOf, type Rehearsal } from "./rehearsal.ts";
import { REHEARSAL_PROFILE } from "./rehearsal-profile.ts";

const USD = 1_000_000n;
/** BTC-USD. */
const MARKET = 0;
/** A wallet that nothing else uses: the new key of the second signer. */
const NEW_SIGNER_WALLET = 40;

/**
 * Signers of prices fall silent. With two of three all goes on; with one, prices go stale, nobody's risk can grow, and all else goes on.
 * A key that is lost for good is replaced by governance.
 */
export async function feedStops(rehearsal: Rehearsal): Promise<void> {
  const { list, council, deployment, provider } = rehearsal;
  list.chapter("Alice and Bob trade while three signers report");
  const alice = (await rehearsal.participant("Alice", 20_000n * USD)).client;
  const { client: bob } = await rehearsal.participant("Bob", 20_000n * USD);
  const { trader: carol, client: asCarol } = await rehearsal.participant("Carol", 1_000n * USD);
  await rehearsal.epoch("an epoch with a fresh price", ({ markets }) => markets[MARKET]?.restricted === false);
  await alice.place({ market: "BTC-USD", side: "sell", price: "65000.0", size: "0.5" });
  const bought = await bob.place({
    ...{ market: "BTC-USD", side: "buy", price: "65000.0", size: "0.2" },
    timeInForce: "IOC",
  } as const);
  list.equal("Bob buys 0.2 BTC", 1, bought.fills.length);

  list.chapter("The first signer's feed stops");
  rehearsal.stopFeed(0);
  const { number } = await rehearsal.epoch("any epoch", () => true);
  const next = await rehearsal.epoch("three more epochs", (epoch) => epoch.number >= number + 3);
  list.check(
    `epoch ${next.number} still has a fresh price: two of three are enough`,
    !next.markets[MARKET]?.restricted,
  );

  list.chapter("The second signer's feed stops, too");
  rehearsal.stopFeed(1);
  await rehearsal.epoch("a restricted market", ({ markets }) => markets[MARKET]?.restricted === true);
  list.check("without a round the price goes stale, and the market is restricted", true);
  const more = { market: "BTC-USD", side: "buy", price: "65000.0", size: "0.1", timeInForce: "IOC" } as const;
  list.equal("Bob cannot buy more", "MARKET_RESTRICTED", await codeOf(bob.place(more)));
  const less = { ...more, price: "64000.0", side: "sell", reduceOnly: true } as const;
  list.equal("Bob may still sell what he has", "accepted", await codeOf(bob.place(less)));
  list.equal("Carol, who has no position, can withdraw", "accepted", await codeOf(asCarol.withdraw("10")));

  list.chapter("The first signer comes back, and that is enough");
  await rehearsal.startFeed(0);
  await rehearsal.epoch("a market that trades", ({ markets }) => markets[MARKET]?.restricted === false);
  list.equal("Bob buys more", "accepted", await codeOf(bob.place(more)));

  list.chapter("The second signer's key is lost for good: role oracle names another");
  const address = (key: string) => new Wallet(key).address;
  const addresses = ORACLE_ROLES.map((role) => address(devnetKeys()[role]));
  const newKey = devnetWallet(NEW_SIGNER_WALLET).privateKey;
  addresses[1] = address(newKey);
  addresses.sort((left, right) => (BigInt(left) < BigInt(right) ? -1 : 1));
  const call: GovernanceCall = { contract: "oracle", name: "setSigners", values: [addresses, 2] };
  list.equal("nobody does that at once", "NotAuthorized", await council.refusal("oracle", call));
  await council.schedule("oracle", [call]);
  list.note(`scheduled, for all to see, ${REHEARSAL_PROFILE.delaysSeconds.oracle} s ahead`);
  list.equal("not before its time", "AccessManagerNotReady", await council.executionRefusal("oracle", [call]));
  await rehearsal.passTime(REHEARSAL_PROFILE.delaysSeconds.oracle);
  await council.execute("oracle", [call]);
  const oracle = new Contract(deployment.oracle, PRICE_ORACLE_ABI, provider);
  const signers: string[] = await oracle.getFunction("signers").staticCall();
  list.equal("the oracle knows the new signer", true, signers.includes(address(newKey)));

  list.chapter("The matcher reads the signers at its start; the new signer and the third one report");
  rehearsal.stopFeed(0);
  await rehearsal.matcher.stop();
  await rehearsal.startMatcher();
  await rehearsal.startFeed(1, newKey);
  const { round } = (await rehearsal.status()).oracle ?? { round: 0 };
  await rehearsal.until("a round of the new signer", async () => {
    return ((await rehearsal.status()).oracle?.round ?? 0) > round || undefined;
  });
  await rehearsal.epoch("a market that trades", ({ markets }) => markets[MARKET]?.restricted === false);
  const again = await rehearsal.connect(carol);
  list.equal("trading goes on", "accepted", await codeOf(again.place(more)));
}
