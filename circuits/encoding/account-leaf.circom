pragma circom 2.2.2;

include "poseidon.circom";
include "../generated/protocol.circom";

// Hash of an account leaf: one permutation (docs/protocol.md §2).
// Order of inputs is matcher/protocol/account.ts's leafInputs.
template AccountLeaf() {
    signal input ax;
    signal input ay;
    signal input owner;
    signal input collateral;
    signal input orderRoot;
    signal input counters;
    signal input sizeWords[2];
    signal input fundingIndex[8];
    signal output hash;

    component h = Poseidon(16);
    h.inputs[0] <== ax;
    h.inputs[1] <== ay;
    h.inputs[2] <== owner;
    h.inputs[3] <== collateral;
    h.inputs[4] <== orderRoot;
    h.inputs[5] <== counters;
    h.inputs[6] <== sizeWords[0];
    h.inputs[7] <== sizeWords[1];
    for (var m = 0; m < 8; m++) h.inputs[8 + m] <== fundingIndex[m];
    hash <== h.out;
}
