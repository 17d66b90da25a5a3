pragma circom 2.2.2;

include "bitify.circom";
include "comparators.circom";
include "../lib/merkle.circom";
include "../lib/range.circom";
include "../generated/protocol.circom";

// Stores the account slots, in order, into the account tree: full paths.
// account[j] must increase strictly over active slots, so an account has one slot in a batch.
// Guarantees newRoot = oldRoot with each active slot's leaf replaced.
template AccountTree(A) {
    signal input oldRoot;
    signal input active[A];
    signal input account[A];
    signal input oldLeaf[A];
    signal input newLeaf[A];
    signal input path[A][ACCOUNT_TREE_LEVELS()][8];
    signal output newRoot;

    component bits[A];
    component update[A];
    component ascending[A];
    signal root[A + 1];
    root[0] <== oldRoot;
    for (var j = 0; j < A; j++) {
        bits[j] = Num2Bits(ACCOUNT_BITS());
        bits[j].in <== account[j];
        if (j > 0) {
            // Active slots are a prefix, each account above the one before.
            active[j] * (1 - active[j - 1]) === 0;
            ascending[j] = InRange(ACCOUNT_BITS());
            ascending[j].in <== active[j] * (account[j] - account[j - 1] - 1);
        }
        update[j] = PathUpdate(ACCOUNT_TREE_LEVELS());
        for (var b = 0; b < ACCOUNT_BITS(); b++) update[j].index[b] <== bits[j].out[b];
        for (var i = 0; i < ACCOUNT_TREE_LEVELS(); i++) for (var k = 0; k < 8; k++) update[j].children[i][k] <== path[j][i][k];
        update[j].oldLeaf <== oldLeaf[j];
        update[j].newLeaf <== newLeaf[j];
        active[j] * (update[j].oldRoot - root[j]) === 0;
        root[j + 1] <== root[j] + active[j] * (update[j].newRoot - update[j].oldRoot);
    }
    newRoot <== root[A];
}

// The same with the 64 sub-roots two levels below the root kept as registers: a slot's path is four levels, and the two top levels are hashed
// once before and once after the batch.
// path: the same input as AccountTree's; its two upper levels are not used.
template AccountTreeRegisters(A) {
    signal input oldRoot;
    signal input active[A];
    signal input account[A];
    signal input oldLeaf[A];
    signal input newLeaf[A];
    signal input path[A][ACCOUNT_TREE_LEVELS()][8];
    signal input subRoots[64];
    signal output newRoot;

    var LOWER = ACCOUNT_TREE_LEVELS() - 2;
    component before = TopRoot();
    for (var r = 0; r < 64; r++) before.subRoots[r] <== subRoots[r];
    before.root === oldRoot;

    component bits[A];
    component update[A];
    component ascending[A];
    component upper[A];
    component middle[A];
    component current[A];
    signal upperActive[A][8];
    signal place[A][64];
    signal registers[A + 1][64];
    for (var r = 0; r < 64; r++) registers[0][r] <== subRoots[r];
    for (var j = 0; j < A; j++) {
        bits[j] = Num2Bits(ACCOUNT_BITS());
        bits[j].in <== account[j];
        if (j > 0) {
            active[j] * (1 - active[j - 1]) === 0;
            ascending[j] = InRange(ACCOUNT_BITS());
            ascending[j].in <== active[j] * (account[j] - account[j - 1] - 1);
        }
        update[j] = PathUpdate(LOWER);
        for (var b = 0; b < 3 * LOWER; b++) update[j].index[b] <== bits[j].out[b];
        for (var i = 0; i < LOWER; i++) for (var k = 0; k < 8; k++) update[j].children[i][k] <== path[j][i][k];
        update[j].oldLeaf <== oldLeaf[j];
        update[j].newLeaf <== newLeaf[j];

        // The sub-root's place: none when the slot is unused.
        middle[j] = OneHot8();
        upper[j] = OneHot8();
        for (var b = 0; b < 3; b++) {
            middle[j].digit[b] <== bits[j].out[3 * LOWER + b];
            upper[j].digit[b] <== bits[j].out[3 * LOWER + 3 + b];
        }
        current[j] = Pick(64);
        for (var u = 0; u < 8; u++) upperActive[j][u] <== upper[j].out[u] * active[j];
        for (var u = 0; u < 8; u++) {
            for (var m = 0; m < 8; m++) place[j][8 * u + m] <== upperActive[j][u] * middle[j].out[m];
        }
        for (var r = 0; r < 64; r++) {
            current[j].choice[r] <== place[j][r];
            current[j].in[r] <== registers[j][r];
        }
        active[j] * (update[j].oldRoot - current[j].out) === 0;
        for (var r = 0; r < 64; r++) {
            registers[j + 1][r] <== registers[j][r] + place[j][r] * (update[j].newRoot - current[j].out);
        }
    }
    component after = TopRoot();
    for (var r = 0; r < 64; r++) after.subRoots[r] <== registers[A][r];
    newRoot <== after.root;
}
