import { expect } from "chai";
import type { JsonRpcProvider } from "ethers";
import { EscapeRun, type EscapeStep } from "../../matcher/escape/escape-run.ts";
import { INSURANCE_ACCOUNT, MARKETS } from "../../matcher/protocol/spec.ts";
import { escapeProgress } from "../../scripts/escape/progress.ts";
import { escapeEverything } from "../../scripts/escape/whole-escape.ts";
import { DrillExchange, drillOwners, SEED_PRICES } from "../fixtures/drill-exchange.ts";

const USD = 1_000_000n;

/** What `npm run escape` and `cli escape` do, on an exchange with three accounts: one waits for a deposit that nobody serves. */
describe("The escape command", function () {
  this.timeout(120_000);
  const owners = drillOwners(3);
  const [alice = "", bob = "", carol = ""] = owners;
  let drill: DrillExchange;
  let steps: EscapeStep[] = [];

  before(async () => {
    drill = await DrillExchange.start();
    await drill.register(owners);
    await drill.deposit(INSURANCE_ACCOUNT, 50n * USD);
    for (const account of [1, 2, 3]) await drill.deposit(account, 100n * USD);
    await drill.openEpoch(SEED_PRICES, new Array<bigint>(MARKETS).fill(0n));
    await drill.takeQueue();
    expect(drill.trade(1, 2, 3, 10_000)).to.equal(true);
    await drill.settle();
    await drill.deposit(3, 7n * USD);
  });

  after(() => drill?.connection.close());
  beforeEach(() => (steps = []));

  async function leave(flags: { freeze?: boolean; look?: boolean; owner?: string } = {}): Promise<string[]> {
    const { address: exchange, provider, chainId } = drill;
    const { freeze = false, look = false, owner } = flags;
    const signer = (await drill.connection.ethers.getSigners())[9]!;
    const onStep = (step: EscapeStep) => steps.push(step);
    const run = new EscapeRun({ provider, signer, exchange, owner, firstBlock: 0, onStep });
    // What both chains' providers have in common is all that is asked.
    const reader = provider as unknown as JsonRpcProvider;
    return escapeEverything(run, { provider: reader, chainId, exchange, freeze, look });
  }

  async function refusal(flags: Parameters<typeof leave>[0]): Promise<string> {
    try {
      await leave(flags);
    } catch (error) {
      return (error as Error).message;
    }
    return "nothing was refused";
  }

  const sent = () => steps.map(({ what }) => what);
  const balance = (owner: string): Promise<bigint> => drill.token.balanceOf(owner);

  it("says how long the head of the queue may wait, and freezes nothing before that", async () => {
    expect((await leave({ look: true })).join()).to.match(
      /^The exchange runs. The head of its queue is overdue \d+ s from now/,
    );
    expect(await refusal({})).to.match(/^The exchange runs/);
    expect(await refusal({ freeze: true })).to.match(/^The head of the queue may still wait for \d+ s/);
    await drill.mineAt(Number(await drill.exchange.headDeadline()) + 1);
    expect((await leave({ look: true })).join()).to.contain("anybody may freeze it (--freeze)");
    expect(await refusal({})).to.contain("--freeze");
    expect(sent()).to.deep.equal([]);
  });

  it("freezes, pins, files one owner's accounts and gives its deposit back, and says when to come again", async () => {
    const lines = await leave({ freeze: true, owner: carol });
    expect(sent()).to.deep.equal(["freeze", "state", "epochs", "prices", "leaves", "deposits", "claims"]);
    expect(lines.join("\n")).to.match(
      /was paid 7 USD\.\nThe pool has 350 USD, and claims of 100 USD were filed in time\.\nClaims close/,
    );
    expect(await balance(carol)).to.equal(7n * USD);
  });

  it("does nothing again that is done, and files everybody else", async () => {
    await leave({ owner: carol });
    expect(sent()).to.deep.equal([]);
    await leave();
    expect(sent()).to.deep.equal(["leaves"]);
  });

  it("pays an owner when claims have closed, then all, and the insurance fund when its turn has come", async () => {
    const at = async (name: "claimSeconds" | "lateSeconds") => {
      const { address } = drill;
      const wayOut = await drill.connection.ethers.getContractAt("Escape", await drill.exchange.escape());
      const { claimSeconds, lateSeconds } = await wayOut.getFunction("windows")();
      const { pricesPinnedSeconds } = await wayOut.getFunction("pinning")();
      const close = Number(pricesPinnedSeconds + claimSeconds);
      expect(await wayOut.getFunction("exchange")()).to.equal(address);
      return name === "claimSeconds" ? close : close + Number(lateSeconds);
    };
    await drill.mineAt(await at("claimSeconds"));
    await leave({ owner: alice });
    expect(sent()).to.deep.equal(["payments", "claims"]);
    expect(await balance(alice)).to.equal(100n * USD);
    expect(await balance(bob)).to.equal(0n);
    await leave();
    const fee = 100n * USD - (await balance(bob));
    // Bob was the taker: 500 ppm of 10,000 lots at 15,000 ticks.
    expect(fee).to.equal(75_000n);
    expect(await balance(carol)).to.equal(107n * USD);
    await drill.mineAt(await at("lateSeconds"));
    const lines = await leave();
    expect(lines.join("\n")).to.contain("was paid 50 USD");
    expect((await drill.exchange.vault()).settledMicroUsd).to.equal(fee);
  });

  it("tells of every transaction in a line", () => {
    const lines: string[] = [];
    const tell = escapeProgress({ write: (line: string) => lines.push(line) } as unknown as NodeJS.WritableStream);
    tell({ what: "leaves", done: 128, of: 1_000 });
    tell({ what: "freeze", done: 1, of: 1 });
    expect(lines).to.deep.equal(["  accounts filed: 128 of 1000\n", "  exchange frozen\n"]);
  });
});
