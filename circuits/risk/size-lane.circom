pragma circom 2.2.2;

include "bitify.circom";

// A signed size from its lane value.
// lane       size + 2^40, prover-chosen
// Guarantees 0 ≤ lane < 2^41, size = lane − 2^40, positive = (size ≥ 0), magnitude = |size| ≤ 2^40. Cost 43.
template SizeLane() {
    signal input lane;
    signal output size;
    signal output positive;
    signal output magnitude;

    component bits = Num2Bits(41);
    bits.in <== lane;
    size <== lane - (1 << 40);
    positive <== bits.out[40];
    magnitude <== (2 * positive - 1) * size;
}
