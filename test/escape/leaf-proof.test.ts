import { expect } from "chai";
import { claimMicroUsdFloor } from "../../matcher/escape/equity.ts";
import { type LeafProof, leafArgument, leafProof } from "../../matcher/escape/leaf-proof.ts";
import { escapePayouts } from "../../matcher/escape/payouts.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { ACCOUNT_TREE_LEVELS, ACCOUNTS, MARKETS, TREE_ARITY } from "../../matcher/protocol/spec.ts";
import type { AccountRecord } from "../../matcher/state/account-record.ts";
import { AccountStore } from "../../matcher/state/account-store.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { Xorshift } from "../fixtures/xorshift.ts";

const LEAVES = 10_000;
const AT_ONCE = 128;

/** The root that the contract would find: written apart from the builder. */
function rootOf(hash: Poseidon, { leaves, siblings }: LeafProof): bigint {
  const rest = [...siblings];
  let level = new Map(
    leaves.map(({ account, ...leaf }) => {
      const { ax, ay, owner, adjustedCollateralPicoUsd, orderRoot, counters, sizeWords } = leaf;
      return [account, hash([ax, ay, BigInt(owner), adjustedCollateralPicoUsd, orderRoot, counters, ...sizeWords])];
    }),
  );
  for (let height = 0; height < ACCOUNT_TREE_LEVELS; height++) {
    const above = new Map<number, bigint>();
    for (const place of [...level.keys()].sort((a, b) => a - b)) {
      const parent = Math.floor(place / TREE_ARITY);
      if (above.has(parent)) continue;
      const children = Array.from({ length: TREE_ARITY }, (_, digit) => {
        return level.get(parent * TREE_ARITY + digit) ?? (rest.shift() as bigint);
      });
      above.set(parent, hash(children));
    }
    level = above;
  }
  expect(rest).to.have.length(0);
  return level.get(0) as bigint;
}

describe("Proofs of many leaves", () => {
  const random = new Xorshift(77);
  let hash: Poseidon;
  let store: AccountStore;
  const accounts: number[] = [];

  before(async () => {
    hash = await buildFastPoseidon();
    store = new AccountStore(hash);
    const signed = (bound: number) => BigInt(random.between(-bound, bound));
    const records: { account: number; record: AccountRecord; slots: [] }[] = [];
    // Dense ones, as an exchange has them, and a few far away.
    for (let account = 0; account < LEAVES; account++) {
      const place = account < LEAVES - 10 ? account : ACCOUNTS - 1 - (account - LEAVES + 10) * 1_000;
      accounts.push(place);
      records.push({
        account: place,
        slots: [],
        record: {
          ax: BigInt(place) + 1n,
          ay: 2n,
          owner: random.next64(),
          collateralPicoUsd: signed(2 ** 50) * 1_000n,
          withdrawalNonce: random.below(5),
          minSequence: random.below(2 ** 48),
          sizesLots: Array.from({ length: MARKETS }, () => (random.once(3) ? signed(2 ** 20) : 0n)),
          fundingIndexPicoUsd: Array.from({ length: MARKETS }, () => signed(2 ** 40)),
        },
      });
    }
    store.load(records);
  });

  it("lead 10,000 leaves to the root, each node above them hashed once, and pay what they are worth to the unit", () => {
    const pricesTicks = Array.from({ length: MARKETS }, () => random.between(1_000, 1_000_000));
    const terms = { pricesTicks, fundingIndexPicoUsd: pricesTicks.map((price) => BigInt(price) * -3n) };
    const rising = [...accounts].sort((a, b) => a - b);
    let siblings = 0;
    for (let i = 0; i < rising.length; i += AT_ONCE) {
      const proof = leafProof(store, rising.slice(i, i + AT_ONCE));
      expect(rootOf(hash, proof)).to.equal(store.root);
      siblings += proof.siblings.length;
    }
    // A path has 42 siblings; together they need a hundredth of that.
    expect(siblings).to.be.below((LEAVES * 42) / 50);
    const inTime = rising.map((account) => {
      return { account, equityMicroUsd: claimMicroUsdFloor(store.leaf(account), terms) };
    });
    const total = inTime.reduce((sum, { account, equityMicroUsd }) => (account === 0 ? sum : sum + equityMicroUsd), 0n);
    for (const poolMicroUsd of [total, total + 5n, (total * 3n) / 7n]) {
      const { paidMicroUsd, leftMicroUsd, filedMicroUsd } = escapePayouts({ poolMicroUsd, inTime });
      expect(filedMicroUsd).to.equal(total);
      const paid = [...paidMicroUsd.values()].reduce((sum, amount) => sum + amount, 0n);
      expect(paid + leftMicroUsd).to.equal(poolMicroUsd);
      if (poolMicroUsd < total) expect(leftMicroUsd < BigInt(LEAVES)).to.equal(true);
    }
  });

  it("lead any set of leaves to the root, given in any order", () => {
    for (const size of [1, 2, 3, 17, 100]) {
      const some = Array.from({ length: size }, () => random.pick(accounts));
      expect(rootOf(hash, leafProof(store, [...new Set(some)])), `${size} leaves`).to.equal(store.root);
    }
  });

  it("carry the words that the leaf's hash is of", () => {
    for (let i = 0; i < 50; i++) {
      const account = random.pick(accounts);
      const { leaves } = leafProof(store, [account]);
      expect(leaves).to.deep.equal([leafArgument(account, store.leaf(account))]);
    }
  });
});
