import { expect } from "chai";
import type { TransferMessage } from "../../matcher/protocol/message.ts";
import { FIELD_ORDER, MARKETS } from "../../matcher/protocol/spec.ts";
import type { Signal } from "../../matcher/prover/witness.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { BatchCircuit } from "./batch-circuit.ts";
import { type RowPlan, World } from "./forge.ts";

const PICO = 1_000_000_000_000n;
const MICRO = 1_000_000n;
const FROM = 3;
/** Its upper bits stand in the flags field. */
const TO = 70_009;
const OWNER = 0xfeedn;
const sizes = (...lots: bigint[]) => [...lots, ...new Array(MARKETS - lots.length).fill(0n)];

describe("batch circuit: transfers between accounts of one owner", function () {
  this.timeout(240_000);
  let circuit: BatchCircuit;
  let world: World;
  before(async () => {
    circuit = await BatchCircuit.load("test", await buildFastPoseidon());
  });
  beforeEach(() => {
    world = new World(circuit.hash);
    world.seed(FROM, { collateralPicoUsd: 1_000n * PICO, owner: OWNER });
    world.seed(TO, { collateralPicoUsd: 0n, owner: OWNER });
  });

  function transfer(amountMicroUsd: bigint, changes: Partial<TransferMessage> = {}, receiverSlot = 1): RowPlan {
    const message: TransferMessage = {
      kind: "transfer",
      account: FROM,
      to: TO,
      sequence: 0,
      expirySeconds: 2_000_000,
      amountMicroUsd,
      ...changes,
    };
    return { message: world.sign(message), receiverSlot };
  }
  const refusal = (...rows: RowPlan[]) => circuit.refusal(world.forge({ rows, touch: [FROM, TO] }));
  const refused = async (template: string, ...rows: RowPlan[]) =>
    expect(await refusal(...rows)).to.match(new RegExp(`^${template}\\b`));

  it("moves all of a flat account's collateral", async () =>
    expect(await refusal(transfer(1_000_000_000n))).to.equal(undefined));
  it("refuses one micro-USD more", () => refused("ValidTransition", transfer(1_000_000_001n)));
  it("refuses zero", () => refused("SignedRow", transfer(0n)));
  it("refuses a nonce that was used or skipped", () => refused("SignedRow", transfer(1n, { sequence: 1 })));
  it("refuses it after its expiry", () => refused("SignedRow", transfer(1n, { expirySeconds: 999_999 })));
  it("refuses an account of another owner", async () => {
    world.seed(TO, { collateralPicoUsd: 0n, owner: OWNER + 1n });
    await refused("SignedRow", transfer(1n));
  });
  it("refuses another account than the signed one, of the same owner", () =>
    refused("SignedRow", transfer(1n, { to: TO + 1 })));
  it("refuses the same transfer twice in a batch", () => refused("AccountSlot", transfer(1n), transfer(1n)));
  it("refuses a transfer and a withdrawal of one account in a batch: they share a nonce", async () => {
    const withdrawal = {
      kind: "withdrawal" as const,
      account: FROM,
      sequence: 0,
      expirySeconds: 2_000_000,
      amountMicroUsd: 1n,
    };
    await refused("AccountSlot", transfer(1n), { message: world.sign(withdrawal) });
  });
  it("refuses to credit it to nobody, or to two", async () => {
    for (const choice of [
      [0n, 0n, 0n],
      [1n, 1n, 0n],
      [2n, FIELD_ORDER - 1n, 0n],
    ]) {
      const trace = world.forge({
        rows: [transfer(1n, { sequence: world.holders.get(FROM)?.leaf.withdrawalNonce ?? 0 })],
      });
      const reason = await circuit.refusal(trace, {
        input: (input) => {
          (input.rowReceiver as Signal[])[0] = choice;
        },
      });
      expect(reason).to.match(/^(SignedRow|AtMostOne)/);
    }
  });
  it("refuses to credit it without a transfer", async () => {
    const trace = world.forge({ touch: [FROM, TO] });
    const reason = await circuit.refusal(trace, {
      input: (input) => {
        (input.rowReceiver as Signal[])[0] = [1n, 0n, 0n];
      },
    });
    expect(reason).to.match(/^SignedRow/);
  });
  it("refuses it below the sender's initial margin although nothing grew", async () => {
    world.seed(FROM, { owner: OWNER, collateralPicoUsd: -900_000n * MICRO + MICRO, sizesLots: sizes(1_000n) });
    expect(await refusal(transfer(1n))).to.equal(undefined);
    await refused("ValidTransition", transfer(1n, { sequence: 1 }));
  });
  it("counts for the receiver as a deposit does: an account below initial margin may be topped up", async () => {
    world.seed(TO, { owner: OWNER, collateralPicoUsd: -960_000n * MICRO, sizesLots: sizes(1_000n) });
    expect(await refusal(transfer(5n))).to.equal(undefined);
  });
});
