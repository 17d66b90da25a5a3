pragma circom 2.2.2;

include "account-tree.circom";
include "../generated/protocol.circom";

// Stores the batch's account slots, in order, by full paths or below 64 sub-roots that are kept as registers (docs/protocol.md §2).
// active, account, oldLeaf, newLeaf   of the slots (AccountSlot)
// path          children of each node on a slot's path at its moment, prover-chosen
// subRoots      the 64 nodes two levels below the root, prover-chosen; one zero with full paths
// Guarantees newRoot is oldRoot's tree with the new leaves in the places of the old ones. Cost: AccountTree or AccountTreeRegisters.
template StoreSlots(A, registerLevels) {
    signal input oldRoot;
    signal input subRoots[registerLevels == 0 ? 1 : 64];
    signal input active[A];
    signal input account[A];
    signal input oldLeaf[A];
    signal input newLeaf[A];
    signal input path[A][ACCOUNT_TREE_LEVELS()][8];
    signal output newRoot;

    if (registerLevels == 0) {
        component tree = AccountTree(A);
        tree.oldRoot <== oldRoot;
        tree.active <== active;
        tree.account <== account;
        tree.oldLeaf <== oldLeaf;
        tree.newLeaf <== newLeaf;
        tree.path <== path;
        newRoot <== tree.newRoot;
        subRoots[0] === 0;
    } else {
        component registers = AccountTreeRegisters(A);
        registers.oldRoot <== oldRoot;
        registers.subRoots <== subRoots;
        registers.active <== active;
        registers.account <== account;
        registers.oldLeaf <== oldLeaf;
        registers.newLeaf <== newLeaf;
        registers.path <== path;
        newRoot <== registers.newRoot;
    }
}
