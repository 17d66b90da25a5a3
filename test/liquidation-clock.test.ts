import { expect } from "chai";
import { LiquidationClock } from "../matcher/liquidation-clock.ts";
import { Sequencer } from "../matcher/sequencer/sequencer.ts";
import { verifierInThread } from "./api/api-fixture.ts";
import { BTC } from "./sequencer/exchange-fixture.ts";
import { COIN, LiquidationWorld } from "./sequencer/liquidation-fixture.ts";

describe("the liquidation clock", () => {
  function start(): { world: LiquidationWorld; sequencer: Sequencer; clock: LiquidationClock; notices: string[] } {
    const world = new LiquidationWorld([4_000, 100_000, 100_000]);
    world.trade(1, 2, COIN);
    const sequencer = new Sequencer({ state: world.state, verifier: verifierInThread() });
    const notices: string[] = [];
    const clock = new LiquidationClock({ sequencer, periodMs: 20, onNotice: (line) => notices.push(line) });
    return { world, sequencer, clock, notices };
  }

  it("gives a sweep while somebody is at risk, and none before or after", () => {
    const { world, clock } = start();
    const commands = () => world.state.commandCount;
    const before = commands();
    clock.look();
    expect(commands()).to.equal(before);
    world.epoch({ [BTC]: "62800.0" });
    clock.look();
    expect(commands()).to.equal(before + 2);
    world.rest(3, "buy", COIN, 62_790);
    clock.look();
    expect(world.excess(1) >= 0n).to.equal(true);
    const after = commands();
    clock.look();
    expect(commands()).to.equal(after);
  });

  it("runs by itself until it is stopped", async () => {
    const { world, clock } = start();
    world.epoch({ [BTC]: "62800.0" });
    const before = world.state.commandCount;
    clock.start();
    await new Promise((wake) => setTimeout(wake, 130));
    clock.stop();
    const given = world.state.commandCount;
    expect(given).to.be.greaterThan(before + 1);
    await new Promise((wake) => setTimeout(wake, 60));
    expect(world.state.commandCount).to.equal(given);
  });

  it("stays quiet once the sequencer has stopped", () => {
    const { world, sequencer, clock, notices } = start();
    world.epoch({ [BTC]: "62800.0" });
    world.state.liquidator.sweep = () => {
      throw new Error("broken on purpose");
    };
    clock.look();
    expect(notices).to.have.length(1);
    expect(notices[0]).to.match(
      /^no liquidation sweep: the exchange has stopped taking commands: a liquidation sweep broke off: broken/,
    );
    expect(sequencer.halt).to.not.equal(null);
    clock.look();
    expect(notices).to.have.length(1);
  });
});
