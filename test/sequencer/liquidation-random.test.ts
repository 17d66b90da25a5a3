import { expect } from "chai";
import { INSURANCE_ACCOUNT, TIERS } from "../../matcher/protocol/spec.ts";
import { Batcher } from "../../matcher/prover/batcher.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { commandBytes, commandFromBytes } from "../../matcher/sequencer/command-bytes.ts";
import type { ExchangeEvent } from "../../matcher/sequencer/exchange-event.ts";
import type { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { audit } from "../../matcher/state/ledger-audit.ts";
import type { Step } from "../../matcher/state/step.ts";
import { DOMAIN, newState } from "./exchange-fixture.ts";
import { randomRisk } from "./random-risk.ts";
import { stateRoot, stateText } from "./state-digest.ts";

const COMMANDS = 10_000;
const ACCOUNTS = 14;

interface Run {
  state: ExchangeState;
  journal: Uint8Array[];
  steps: Step[];
  events: ExchangeEvent[];
}

/** What holds after every command, whatever it was. */
function checkState(state: ExchangeState, command: Command): void {
  const { ledger, liquidator, engine } = state;
  const faults = audit(ledger);
  if (faults.length > 0) expect.fail(JSON.stringify(faults, (_, x) => (typeof x === "bigint" ? `${x}` : x)));
  if (!ledger.has(INSURANCE_ACCOUNT)) return;
  const { capPicoUsd, spentPicoUsd, fundPicoUsd } = ledger.insuranceLeft();
  if (fundPicoUsd < 0n || spentPicoUsd > capPicoUsd) expect.fail(`fund ${fundPicoUsd}, spent ${spentPicoUsd}`);
  const atRisk = liquidator.atRisk();
  for (const account of atRisk) {
    const { valuePicoUsd, maintenancePicoUsd } = ledger.marginOf(account);
    if (valuePicoUsd >= maintenancePicoUsd) expect.fail(`account ${account} is not at risk`);
  }
  if (command.type !== "epoch" && command.type !== "liquidationSweep") return;
  for (const account of atRisk) {
    if (engine.book.openOrderCount(account) > 0) expect.fail(`account ${account} is at risk and has orders`);
  }
  for (let account = 1; account <= ACCOUNTS; account++) {
    const { sizesLots } = ledger.settledRecord(account);
    if (sizesLots.some((size) => size !== 0n) || ledger.marginOf(account).valuePicoUsd >= 0n) continue;
    expect.fail(`account ${account} owes and has nothing left to close`);
  }
}

function run(commands: Iterable<Command>, check: typeof checkState = () => {}): Run {
  const state = newState();
  const [journal, steps, events]: [Uint8Array[], Step[], ExchangeEvent[]] = [[], [], []];
  for (const command of commands) {
    const outcome = state.execute(command);
    if (!outcome.accepted) continue;
    journal.push(commandBytes(command));
    for (const { step } of outcome.steps) steps.push(step);
    for (const { event } of outcome.events) events.push(event);
    check(state, command);
  }
  return { state, journal, steps, events };
}

describe("liquidations over random traffic and prices", () => {
  const runs: Run[] = [];
  let hash: Awaited<ReturnType<typeof buildFastPoseidon>>;

  before(async function () {
    this.timeout(120_000);
    hash = await buildFastPoseidon();
  });

  for (const seed of [1, 2]) {
    it(`never throw, keep every identity of the ledger, and never owe or overspend: ${COMMANDS} commands of seed ${seed}`, () => {
      runs.push(run(randomRisk(seed, COMMANDS, ACCOUNTS), checkState));
    }).timeout(60_000);
  }

  it("were given enough to do", () => {
    const steps = runs.flatMap((one) => one.steps);
    const events = runs.flatMap((one) => one.events);
    const liquidations = steps.filter((step) => step.kind === "liquidation");
    const deleveragings = steps.filter((step) => step.kind === "deleveraging");
    const sums = events.filter((event) => event.type === "liquidated");
    const reasons = events.map((event) => (event.type === "deleveraged" ? event.reason : ""));
    const count = (found: readonly unknown[], least: number, what: string) =>
      expect(found.length, what).to.be.greaterThan(least);
    count(liquidations, 200, "liquidations");
    count(
      sums.filter(({ payoutPicoUsd }) => payoutPicoUsd > 0n),
      20,
      "paid by the fund",
    );
    count(
      sums.filter(({ feePicoUsd }) => feePicoUsd > 0n),
      50,
      "with a fee",
    );
    count(deleveragings, 50, "deleveragings");
    count(
      deleveragings.filter((step) => step.coveredPicoUsd === step.payoutPicoUsd),
      20,
      "covered",
    );
    count(
      deleveragings.filter((step) => step.coveredPicoUsd < step.payoutPicoUsd),
      20,
      "not covered",
    );
    count(
      reasons.filter((reason) => reason === "book-empty"),
      20,
      "book empty",
    );
    count(
      reasons.filter((reason) => reason === "insurance-exhausted"),
      5,
      "insurance exhausted",
    );
    count(
      events.filter((event) => event.type === "removed" && event.reason === "liquidation"),
      50,
      "orders removed",
    );
  });

  it("give the same events, steps, state and root when they are replayed from the journal", () => {
    for (const first of runs) {
      const again = run(first.journal.map(commandFromBytes));
      expect(again.journal.length).to.equal(first.journal.length);
      expect(stateText(again.state)).to.equal(stateText(first.state));
      expect(stateRoot(again.state, hash)).to.equal(stateRoot(first.state, hash));
      expect(again.events.length).to.equal(first.events.length);
      first.events.forEach((event, at) => {
        if (event.type !== "fill" && event.type !== "liquidated" && event.type !== "deleveraged") return;
        expect(again.events[at]).to.deep.equal(event);
      });
    }
  }).timeout(60_000);

  it("give steps that the batch's own predicate takes, into batches whose last root is the state's", () => {
    const [first] = runs;
    if (first === undefined) throw new Error("no run");
    const batcher = new Batcher({ hash, domain: DOMAIN, tiers: TIERS });
    let batches = 0;
    for (const step of first.steps) if (batcher.push(step, 1n) !== undefined) batches += 1;
    if (batcher.cut() !== undefined) batches += 1;
    expect(batches).to.be.greaterThan(200);
    expect(batcher.root).to.equal(stateRoot(first.state, hash));
  }).timeout(120_000);
});
