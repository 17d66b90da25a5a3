pragma circom 2.2.2;

include "poseidon.circom";
include "bitify.circom";
include "select.circom";

// One level of an 8-ary path, before and after an update of one child.
// digit     {0,1}[3] position of the child; booleanity is the caller's
// children  all eight children before the update, prover-chosen
// Guarantees children[digit] = oldChild; oldNode and newNode are the hashes with oldChild and newChild in that place. Cost 2·402 + 14.
template PathLevel() {
    signal input digit[3];
    signal input children[8];
    signal input oldChild;
    signal input newChild;
    signal output oldNode;
    signal output newNode;

    // A tree of selectors: pairs by the first bit, quadruples by the second, the whole by the third.
    signal pair[4];
    signal quad[2];
    for (var k = 0; k < 4; k++) pair[k] <== children[2 * k] + digit[0] * (children[2 * k + 1] - children[2 * k]);
    for (var k = 0; k < 2; k++) quad[k] <== pair[2 * k] + digit[1] * (pair[2 * k + 1] - pair[2 * k]);
    oldChild === quad[0] + digit[2] * (quad[1] - quad[0]);

    // The change, routed to its place the other way round: zero everywhere else.
    signal half[2];
    signal quarter[4];
    signal change[8];
    half[1] <== digit[2] * (newChild - oldChild);
    half[0] <== newChild - oldChild - half[1];
    for (var k = 0; k < 2; k++) {
        quarter[2 * k + 1] <== digit[1] * half[k];
        quarter[2 * k] <== half[k] - quarter[2 * k + 1];
    }
    for (var k = 0; k < 4; k++) {
        change[2 * k + 1] <== digit[0] * quarter[k];
        change[2 * k] <== quarter[k] - change[2 * k + 1];
    }

    component before = Poseidon(8);
    component after = Poseidon(8);
    for (var k = 0; k < 8; k++) {
        before.inputs[k] <== children[k];
        after.inputs[k] <== children[k] + change[k];
    }
    oldNode <== before.out;
    newNode <== after.out;
}

// Path update in an 8-ary tree.
// index     {0,1}[3·levels], least significant first: the leaf's position; booleanity is the caller's
// children  [levels][8], leaf level first
// Guarantees that oldRoot and newRoot are the roots with oldLeaf and newLeaf at index, everything else equal.
template PathUpdate(levels) {
    signal input index[3 * levels];
    signal input children[levels][8];
    signal input oldLeaf;
    signal input newLeaf;
    signal output oldRoot;
    signal output newRoot;

    component level[levels];
    for (var i = 0; i < levels; i++) {
        level[i] = PathLevel();
        for (var b = 0; b < 3; b++) level[i].digit[b] <== index[3 * i + b];
        for (var k = 0; k < 8; k++) level[i].children[k] <== children[i][k];
        level[i].oldChild <== i == 0 ? oldLeaf : level[i - 1].oldNode;
        level[i].newChild <== i == 0 ? newLeaf : level[i - 1].newNode;
    }
    oldRoot <== level[levels - 1].oldNode;
    newRoot <== level[levels - 1].newNode;
}

// Root of 64 sub-roots: two levels of H_8. Cost 9·402.
template TopRoot() {
    signal input subRoots[64];
    signal output root;

    component node[8];
    component top = Poseidon(8);
    for (var i = 0; i < 8; i++) {
        node[i] = Poseidon(8);
        for (var k = 0; k < 8; k++) node[i].inputs[k] <== subRoots[8 * i + k];
        top.inputs[i] <== node[i].out;
    }
    root <== top.out;
}
