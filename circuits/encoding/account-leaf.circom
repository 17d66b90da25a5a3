pragma circom 2.2.2;

include "poseidon.circom";
include "../generated/protocol.circom";

// Hash of an account leaf: one permutation (docs/protocol.md §2). Leaves and nodes of the account tree are both H_8, which cannot be confused: the tree's
// depth is fixed, so a leaf's preimage stands nowhere that a node's could.
// collateral   funding-adjusted: collateral + Σ size·index at the last touch
// Order of inputs is matcher/protocol/account.ts's leafInputs.
template AccountLeaf() {
    signal input ax;
    signal input ay;
    signal input owner;
    signal input collateral;
    signal input orderRoot;
    signal input counters;
    signal input sizeWords[2];
    signal output hash;

    component h = Poseidon(8);
    h.inputs[0] <== ax;
    h.inputs[1] <== ay;
    h.inputs[2] <== owner;
    h.inputs[3] <== collateral;
    h.inputs[4] <== orderRoot;
    h.inputs[5] <== counters;
    h.inputs[6] <== sizeWords[0];
    h.inputs[7] <== sizeWords[1];
    hash <== h.out;
}
