import { expect } from "chai";
import { digest } from "../../matcher/book/book-snapshot.ts";
import { DEVNET_BOOK_RULES, DEVNET_FEE_TIERS } from "../../matcher/protocol/devnet-markets.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import type { Command } from "../../matcher/sequencer/command.ts";
import { imageFrom, imageLines } from "../../matcher/sequencer/exchange-image.ts";
import { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { FUNDING, newState } from "./exchange-fixture.ts";
import { livelyCommands } from "./lively-commands.ts";
import { dice } from "./random-commands.ts";
import { stateRoot, stateText as wholeText } from "./state-digest.ts";

const TERMS = { rules: DEVNET_BOOK_RULES, feeSchedule: DEVNET_FEE_TIERS, funding: FUNDING };
const COMMANDS = 500;

/** Through text and back, as a file would. */
function restored(state: ExchangeState): ExchangeState {
  const lines = [...imageLines(state)].map((line) => JSON.parse(JSON.stringify(line)));
  return new ExchangeState(TERMS, imageFrom(lines));
}

/** What an epoch was opened with beside its terms is no part of the ledger. */
const stateText = (state: ExchangeState) => wholeText(state).replace(/"paramVersion":\d+,"journalHead":"\d+n",/, "");
const textOf = (state: ExchangeState) => [...imageLines(state)].map((line) => JSON.stringify(line)).join("\n");

function outcomeText(state: ExchangeState, command: Command): string {
  let outcome: unknown;
  try {
    outcome = state.execute(command);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    outcome = error.message;
  }
  return JSON.stringify(outcome, (_, value) => (typeof value === "bigint" ? `${value}n` : value));
}

describe("An image of the exchange's state", () => {
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  it("brings back the same root, book and head, at any moment, and everything that follows", () => {
    const roll = dice(1);
    for (let seed = 1; seed <= 12; seed++) {
      const commands = [...livelyCommands(seed, COMMANDS)];
      const at = roll(commands.length);
      const state = newState();
      for (const command of commands.slice(0, at)) outcomeText(state, command);
      const again = restored(state);
      expect(stateText(again), `seed ${seed} at ${at}`).to.equal(stateText(state));
      expect(textOf(again)).to.equal(textOf(state));
      expect(digest(again.engine)).to.equal(digest(state.engine));
      for (const command of commands.slice(at)) {
        expect(outcomeText(again, command), `seed ${seed} from ${at}`).to.equal(outcomeText(state, command));
      }
      expect(stateText(again)).to.equal(stateText(state));
      expect(stateRoot(again, hash)).to.equal(stateRoot(state, hash));
      expect([...again.clientOrders.entries()]).to.deep.equal([...state.clientOrders.entries()]);
      expect(again.owners.entries()).to.deep.equal(state.owners.entries());
    }
  });

  it("is of the moment when it was taken, whatever happens while it is read", () => {
    const commands = [...livelyCommands(5, COMMANDS)];
    const half = commands.length >> 1;
    const state = newState();
    for (const command of commands.slice(0, half)) outcomeText(state, command);
    const expected = textOf(state);
    const lines = imageLines(state);
    for (const command of commands.slice(half)) outcomeText(state, command);
    expect([...lines].map((line) => JSON.stringify(line)).join("\n")).to.equal(expected);
    expect(textOf(state)).not.to.equal(expected);
  });

  it("is the same text for equal states, however they came about", () => {
    const commands = [...livelyCommands(9, COMMANDS)];
    const straight = newState();
    let through = newState();
    for (const [i, command] of commands.entries()) {
      outcomeText(straight, command);
      outcomeText(through, command);
      if (i % 90 === 0) through = restored(through);
    }
    expect(textOf(through)).to.equal(textOf(straight));
  });

  it("brings back the state before the first command", () => {
    expect(stateText(restored(newState()))).to.equal(stateText(newState()));
  });

  it("is refused when it lacks a line, has one twice, or is of another version", () => {
    const state = newState();
    for (const command of livelyCommands(3, 50)) outcomeText(state, command);
    const lines = [...imageLines(state)];
    expect(() => imageFrom(lines.slice(1))).to.throw(RangeError, 'lines "image"');
    expect(() => imageFrom([lines[1] as (typeof lines)[number], ...lines])).to.throw(RangeError, 'lines "shared"');
    const other = ["image", 99, {}];
    expect(() => imageFrom([other, ...lines.slice(1)])).to.throw(RangeError, "image version 99");
  });
});
