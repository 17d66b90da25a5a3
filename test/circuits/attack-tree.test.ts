import { expect } from "chai";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { ACCOUNT_TREE_LEVELS, FIELD_ORDER } from "../../matcher/protocol/spec.ts";
import type { CircuitInput } from "../../matcher/prover/groth16/proof.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { MerkleTree, treeShape } from "../../matcher/state/merkle-tree.ts";
import { Gadget } from "./lib-gadget.ts";

interface Slot {
  active: bigint;
  account: bigint;
  oldLeaf: bigint;
  newLeaf: bigint;
  path: bigint[][];
}

/** Both ways to store account slots: full paths, as the small tiers do, and sub-roots kept as registers, as the large one does. */
for (const template of ["AccountTree", "AccountTreeRegisters"] as const) {
  describe(`account tree by ${template}`, function () {
    this.timeout(240_000);
    let hash: Poseidon;
    let gadget: Gadget;
    let tree: MerkleTree;
    let oldRoot: bigint;
    let subRoots: bigint[];
    const begin = () => {
      oldRoot = tree.root;
      subRoots = tree.level(ACCOUNT_TREE_LEVELS - 2);
    };
    before(async () => {
      hash = await buildFastPoseidon();
      gadget = await Gadget.build("rows/account-tree.circom", `${template}(2)`);
    });
    beforeEach(() => {
      tree = new MerkleTree(treeShape(hash, ACCOUNT_TREE_LEVELS));
      for (const account of [0, 3, 9, 4096 + 3, 262_143]) tree.set(account, 1_000n + BigInt(account));
      begin();
    });

    /** A slot that stores a leaf, and does. */
    function store(account: number, newLeaf: bigint): Slot {
      const slot = {
        active: 1n,
        account: BigInt(account),
        oldLeaf: tree.get(account),
        newLeaf,
        path: tree.path(account),
      };
      tree.set(account, newLeaf);
      return slot;
    }
    const unused = (account: number): Slot => ({
      active: 0n,
      account: BigInt(account),
      // Every path is a path; what it leads to is compared with nothing.
      oldLeaf: tree.get(account),
      newLeaf: 78n,
      path: tree.path(account),
    });
    async function newRoot(slots: Slot[], change: CircuitInput = {}): Promise<bigint | undefined> {
      const column = (name: keyof Slot) => slots.map((slot) => slot[name]) as CircuitInput[string];
      const input: CircuitInput = {
        oldRoot,
        active: column("active"),
        account: column("account"),
        oldLeaf: column("oldLeaf"),
        newLeaf: column("newLeaf"),
        path: column("path"),
        ...(template === "AccountTreeRegisters" ? { subRoots } : {}),
        ...change,
      };
      return (await gadget.computed(input, "newRoot"))?.[0];
    }

    it("stores two leaves, near and far from each other", async () => {
      for (const accounts of [
        [3, 9],
        [3, 4],
        [0, 262_143],
        [3, 4096 + 3],
      ] as const) {
        begin();
        const slots = accounts.map((account) => store(account, 5n));
        expect(await newRoot(slots), accounts.join()).to.equal(tree.root);
      }
    });
    it("stores one leaf and leaves the unused slot's place alone", async () => {
      const slots = [store(9, 5n), unused(3)];
      expect(await newRoot(slots)).to.equal(tree.root);
    });
    it("stores nothing at all", async () => {
      expect(await newRoot([unused(3), unused(3)])).to.equal(oldRoot);
    });
    it("has no witness for another old leaf", async () => {
      const slots = [store(3, 5n), store(9, 6n)];
      for (const slot of [0, 1]) {
        const changed = slots.map((own, i) => (i === slot ? { ...own, oldLeaf: own.oldLeaf + 1n } : own));
        expect(await newRoot(changed), `slot ${slot}`).to.equal(undefined);
      }
    });
    it("has no witness for another sibling, on any level", async () => {
      const slots = [store(3, 5n), unused(9)];
      // The registers' two upper levels are not part of a slot's path.
      const levels = template === "AccountTree" ? ACCOUNT_TREE_LEVELS : ACCOUNT_TREE_LEVELS - 2;
      for (let level = 0; level < levels; level++) {
        const path = (slots[0] as Slot).path.map((children, l) => (l === level ? children.with(7, 1n) : children));
        expect(await newRoot([{ ...(slots[0] as Slot), path }, slots[1] as Slot]), `level ${level}`).to.equal(
          undefined,
        );
      }
    });
    it("has no witness for another old root", async () => {
      expect(await newRoot([store(3, 5n), unused(9)], { oldRoot: oldRoot + 1n })).to.equal(undefined);
    });
    it("has no witness for one account in two slots", async () => {
      expect(await newRoot([store(3, 5n), store(3, 6n)])).to.equal(undefined);
    });
    it("has no witness for slots in descending order", async () => {
      expect(await newRoot([store(9, 5n), store(3, 6n)])).to.equal(undefined);
    });
    it("has no witness for an account beyond 18 bits, which would be another slot of the same leaf", async () => {
      const again = { account: 3n + (1n << 18n) };
      expect(await newRoot([store(3, 5n), { ...store(3, 6n), ...again }])).to.equal(undefined);
      expect(await newRoot([{ ...store(3, 7n), ...again }, unused(3)])).to.equal(undefined);
      expect(await newRoot([unused(3), { ...unused(3), account: FIELD_ORDER - 1n }])).to.equal(undefined);
    });
    it("has no witness for a used slot behind an unused one", async () => {
      const used = store(9, 5n);
      expect(await newRoot([unused(3), used])).to.equal(undefined);
    });
    if (template === "AccountTreeRegisters") {
      it("has no witness for sub-roots that are not the old root's", async () => {
        const slots = [store(3, 5n), unused(9)];
        for (const place of [0, 1, 63]) {
          const changed = subRoots.with(place, 1n);
          expect(await newRoot(slots, { subRoots: changed }), `${place}`).to.equal(undefined);
        }
      });
      it("has no witness for a register that lies about one slot's sub-root", async () => {
        // The slot's path leads to a root of its own; the register would take it over.
        const forged = new MerkleTree(treeShape(hash, ACCOUNT_TREE_LEVELS));
        forged.set(3, 5n);
        const slot = { active: 1n, account: 3n, oldLeaf: 5n, newLeaf: 6n, path: forged.path(3) };
        expect(await newRoot([slot, unused(9)])).to.equal(undefined);
      });
    }
  });
}
