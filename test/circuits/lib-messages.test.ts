import { expect } from "chai";
import { sign } from "../../matcher/protocol/signature.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { FIELD_ORDER, TAG_MESSAGE } from "../../matcher/protocol/spec.ts";
import { type BatchInput, batchInput } from "../../matcher/prover/witness.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { TEST_DOMAIN, World } from "./forge.ts";
import { Gadget, type GadgetInput } from "./lib-gadget.ts";

const field = (x: bigint) => ((x % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
const two = (bits: number) => 1n << BigInt(bits);

describe("circuit gadgets: messages and queue entries", function () {
  this.timeout(120_000);
  let hash: Poseidon;
  before(async () => {
    hash = await buildFastPoseidon();
  });

  it("SignedWord has every field within its width, and every bit a bit", async () => {
    const word = await Gadget.build("rows/signed-word.circom", "SignedWord()");
    const bits = (count: number) => new Array<bigint>(count).fill(0n);
    const blank: GadgetInput = { kind: 1n, domain: 7n, account: 0n, market: bits(3), slot: bits(12) };
    const widths = { flags: 8, sequence: 48, expiry: 32, maxFee: 20, limitPrice: 32, quantity: 40 };
    const least = Object.fromEntries(Object.keys(widths).map((name) => [name, 0n]));
    const honest: GadgetInput = { ...blank, ...least, side: 0n, keepFilled: 0n };
    expect(word.solutions(honest)).to.have.length(1);
    for (const [name, width] of Object.entries(widths)) {
      expect(word.solutions({ ...honest, [name]: two(width) - 1n }), name).to.have.length(1);
      for (const value of [two(width), field(-1n)]) {
        expect(word.solutions({ ...honest, [name]: value }), `${name} = ${value}`).to.have.length(0);
      }
    }
    for (const value of [2n, field(-1n)]) {
      for (const name of ["side", "keepFilled"]) {
        expect(word.solutions({ ...honest, [name]: value }), name).to.have.length(0);
      }
      for (const [name, count] of [
        ["market", 3],
        ["slot", 12],
      ] as const) {
        for (let bit = 0; bit < count; bit++) {
          const changed = { ...honest, [name]: bits(count).with(bit, value) };
          expect(word.solutions(changed), `${name}[${bit}]`).to.have.length(0);
        }
      }
    }
  });

  describe("QueueEntry", () => {
    const slots = { slotAccount: [3n, 9n], slotOwner: [33n, 99n], slotAx: [5n, 6n], slotAy: [7n, 8n] };
    const none = { isRegistration: 0n, isDeposit: 0n, account: 0n, amountMicroUsd: 0n, owner: 0n, ax: 0n, ay: 0n };
    const deposit = { ...none, isDeposit: 1n, account: 9n, amountMicroUsd: 50n };
    const registration = { ...none, isRegistration: 1n, account: 3n, owner: 33n, ax: 5n, ay: 7n };
    /** Every choice of an account slot with which an entry has a witness. */
    async function choices(entry: Record<string, bigint>): Promise<string[]> {
      const gadget = await Gadget.build("rows/queue-entry.circom", "QueueEntry(2)");
      const known = Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, field(value)]));
      return gadget.solutions({ ...slots, ...known }).map((solution) => gadget.read(solution, "choice").join(""));
    }
    it("goes to its account's slot, and to no other", async () => {
      expect(await choices(none)).to.deep.equal(["00"]);
      expect(await choices(deposit)).to.deep.equal(["01"]);
      expect(await choices(registration)).to.deep.equal(["10"]);
      expect(await choices({ ...deposit, account: 4n })).to.deep.equal([]);
      expect(await choices({ ...none, account: 3n })).to.deep.equal([]);
    });
    it("registers the owner and key of its words alone", async () => {
      for (const name of ["owner", "ax", "ay"] as const) {
        expect(await choices({ ...registration, [name]: registration[name] + 1n }), name).to.deep.equal([]);
      }
    });
    it("has one of the two kinds or none", async () => {
      expect(await choices({ ...registration, isDeposit: 1n })).to.deep.equal([]);
      for (const [isRegistration, isDeposit] of [
        [2n, -1n],
        [-1n, 2n],
        [-1n, 1n],
        [1n, -1n],
        [2n, 0n],
        [0n, 2n],
      ] as const) {
        const words = { ...none, isRegistration, isDeposit };
        expect(await choices({ ...words, account: 3n, owner: 33n, ax: 5n, ay: 7n })).to.deep.equal([]);
        expect(await choices(words)).to.deep.equal([]);
      }
    });
    it("has an amount of 64 bits", async () => {
      expect(await choices({ ...deposit, amountMicroUsd: two(64) - 1n })).to.deep.equal(["01"]);
      expect(await choices({ ...deposit, amountMicroUsd: two(64) })).to.deep.equal([]);
      expect(await choices({ ...deposit, amountMicroUsd: -1n })).to.deep.equal([]);
    });
  });

  describe("SignedRow", () => {
    const ACCOUNT = 3;
    const TIME = 1_000_000n;
    const NUMBERS = { isOrder: 1n, isCancel: 2n, isCancelAll: 3n, isWithdrawal: 4n, isTransfer: 5n } as const;
    type Flags = Partial<Record<keyof typeof NUMBERS, bigint>>;

    /** One row's signals out of a batch's. */
    function rowSignals(input: BatchInput, row: number): Record<string, unknown> {
      const columns = Object.entries(input).filter(([name]) => name.startsWith("row"));
      const own = columns.map(([name, list]) => [name[3]?.toLowerCase() + name.slice(4), (list as unknown[])[row]]);
      const { domain, epochTime, rebateCap, priceMin, priceMax } = input;
      const slots = ["Account", "Ax", "Ay", "Owner", "MinSequence"].map((name) => [
        `slot${name}`,
        input[`slot${name}`],
      ]);
      return {
        ...Object.fromEntries([...own, ...slots]),
        ...{ domain, epochTime, rebateCap, priceMin, priceMax },
        slotNonce: input.slotWithdrawalNonce,
        rootBefore: input.slotOrderRoot,
      };
    }
    /** `active` of a row of these flags, with a message that its account signed for the kind that they sum to; undefined for no witness. */
    async function active(flags: Flags, signedQuantity: bigint, mayPay: 0 | 1 = 1): Promise<bigint[] | undefined> {
      const row = await Gadget.build("rows/signed-row.circom", `SignedRow(3, ${mayPay})`);
      const world = new World(hash);
      world.seed(ACCOUNT, { collateralPicoUsd: 10n ** 15n });
      const cancel = world.sign({ kind: "cancel", account: ACCOUNT, slot: 0, sequence: 0 });
      const input = batchInput(world.forge({ rows: [{ message: cancel }] }));
      const kind = Object.entries(flags).reduce((sum, [name, flag]) => sum + flag * NUMBERS[name as keyof Flags], 0n);
      const word = BigInt(ACCOUNT) + (TIME << 91n) + (signedQuantity << 175n);
      const signature = sign(world.keyOf(ACCOUNT), hash([TAG_MESSAGE + kind, TEST_DOMAIN, word]));
      const signals = {
        ...rowSignals(input, 0),
        ...{ isOrder: 0n, isCancel: 0n, isCancelAll: 0n, isWithdrawal: 0n, isTransfer: 0n },
        ...Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, field(flag)])),
        ...{ expiry: TIME, epochTime: TIME, signedQuantity, ...signature },
      };
      return row.computed(signals as unknown as Parameters<Gadget["computed"]>[0], "active");
    }
    it("has each kind by itself", async () => {
      expect(await active({ isCancel: 1n }, 0n)).to.deep.equal([1n]);
      expect(await active({ isCancelAll: 1n }, 0n)).to.deep.equal([1n]);
      expect(await active({ isWithdrawal: 1n }, 1n)).to.deep.equal([1n]);
    });
    it("has no kind made of others, each flag in turn being −1", async () => {
      // A withdrawal, a transfer, a cancel-all and an order, by their numbers.
      expect(await active({ isOrder: -1n, isCancel: 1n, isCancelAll: 1n }, 0n)).to.equal(undefined);
      expect(await active({ isCancel: -1n, isCancelAll: 1n, isWithdrawal: 1n }, 1n)).to.equal(undefined);
      expect(await active({ isCancelAll: -1n, isCancel: 1n, isWithdrawal: 1n }, 1n)).to.equal(undefined);
      expect(await active({ isWithdrawal: -1n, isCancel: 1n, isCancelAll: 1n }, 0n)).to.equal(undefined);
    });
    it("has no withdrawal beyond the first rows", async () => {
      expect(await active({ isWithdrawal: 1n }, 1n, 0)).to.equal(undefined);
      expect(await active({ isCancel: 1n }, 0n, 0)).to.deep.equal([1n]);
    });
  });
});
