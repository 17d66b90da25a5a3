import { Contract } from "ethers";
import { EXCHANGE_ABI } from "../../matcher/protocol/abi.ts";
import type { Participant, Rehearsal } from "./rehearsal.ts";

const USD = 1_000_000n;
const PROOF_LIMIT_MS = 600_000;

/** The prover dies in the middle of a proof. Settlement stops with a report; a restart proves the same batches again. */
export async function proverDown(rehearsal: Rehearsal): Promise<void> {
  const { list, deployment, provider } = rehearsal;
  const exchange = new Contract(deployment.exchange, EXCHANGE_ABI, provider);
  const root = (): Promise<string> => exchange.getFunction("sharedStateHash").staticCall();
  list.chapter("Alice and Bob deposit, and that is settled");
  const alice = await rehearsal.participant("Alice", 20_000n * USD);
  const bob = await rehearsal.participant("Bob", 20_000n * USD);
  const genesis = await root();
  rehearsal.matcher.pipeline.cut();
  await rehearsal.until("a settled batch", async () => ((await root()) !== genesis ? true : undefined), PROOF_LIMIT_MS);
  list.check("the first batch is proven and accepted by the contract", true);

  list.chapter("They trade, and the prover dies in the middle of the proof");
  await alice.client.place({ market: "BTC-USD", side: "sell", price: "65000.0", size: "0.5" });
  const terms = { market: "BTC-USD", side: "buy", price: "65000.0", size: "0.2", timeInForce: "IOC" } as const;
  const { fills } = await bob.client.place(terms);
  list.equal("Bob buys 0.2 BTC", 1, fills.length);
  rehearsal.matcher.pipeline.cut();
  await rehearsal.until(
    "a proof that is being made",
    () => rehearsal.matcher.pipeline.status().proving > 0 || undefined,
    PROOF_LIMIT_MS,
  );
  const before = { root: await root(), alice: await alice.client.state(), bob: await bob.client.state() };
  for (const processId of rehearsal.matcher.proverProcessIds) process.kill(processId, "SIGKILL");
  const report = await rehearsal.until("the report", () => rehearsal.haltReport, PROOF_LIMIT_MS, true);
  list.check("settlement stops, and says why", report.includes("SIGKILL"), report);
  list.equal("the status shows it to everybody", "halted", (await rehearsal.status()).status);
  list.equal("L1 is where it was", before.root, await root());

  list.chapter("The matcher is started again on its journal, with a new prover");
  await rehearsal.matcher.stop();
  await rehearsal.startMatcher();
  const [again, bobAgain] = await Promise.all([alice, bob].map(({ trader }) => rehearsal.connect(trader)));
  const sizes = async (client: Participant["client"] | undefined) => {
    const { positions } = (await client?.state()) ?? { positions: [] };
    return positions.map(({ market, size }) => `${size} ${market}`).join();
  };
  list.equal("Alice has the position that she had", "-0.2 BTC-USD", await sizes(again));
  list.equal("and so has Bob", "0.2 BTC-USD", await sizes(bobAgain));
  const open = await again?.orders();
  list.equal("Alice's order is in the book as it was", "0.3", open?.[0]?.remainingSize ?? "");
  await rehearsal.until("the batch", async () => ((await root()) !== before.root ? true : undefined), PROOF_LIMIT_MS);
  list.check("the same batch is proven again, and accepted", true);
  const goal = rehearsal.matcher.sequencer.state.stepCount;
  await rehearsal.until(
    "everything",
    () => rehearsal.matcher.sequencer.finality.provenThroughStep >= goal || undefined,
    PROOF_LIMIT_MS,
  );
  const [fill] = (await bobAgain?.fills(10)) ?? [];
  list.equal("Bob's purchase is proven", "proven", fill?.finality.label ?? "gone");
}
