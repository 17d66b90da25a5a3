pragma circom 2.2.2;

include "poseidon.circom";
include "../generated/protocol.circom";

// Binds the public-data vector d to the proof's three public inputs (docs/protocol.md §8).
// words  every word of d, all n of them
// z      evaluation point: keccak over (C, d) computed by the contract, so it is fixed after d
// Guarantees commitment = sponge(tier, n, words) and y = Σ words[i]·z^i. Two different vectors with one C would be a Poseidon collision, and
// with equal y at a z drawn after both a root of a polynomial of degree < n: probability n/r.
// Cost ≈ 609·⌈n/15⌉ + n.
template PublicData(tier, n) {
    signal input words[n];
    signal input z;
    signal output commitment;
    signal output y;

    var RATE = 15;
    var calls = (n + RATE - 1) \ RATE;
    component absorb[calls];
    for (var c = 0; c < calls; c++) {
        absorb[c] = Poseidon(16);
        absorb[c].inputs[0] <== c == 0 ? TAG_SPONGE() + tier + 65536 * n : absorb[c - 1].out;
        for (var k = 0; k < RATE; k++) {
            if (RATE * c + k < n) {
                absorb[c].inputs[1 + k] <== words[RATE * c + k];
            } else {
                absorb[c].inputs[1 + k] <== 0;
            }
        }
    }
    commitment <== absorb[calls - 1].out;

    signal horner[n];
    horner[n - 1] <== words[n - 1];
    for (var i = n - 2; i >= 0; i--) horner[i] <== horner[i + 1] * z + words[i];
    y <== horner[0];
}
