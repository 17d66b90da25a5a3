pragma circom 2.2.2;

include "bitify.circom";

// 0 ≤ in < 2^n.
// in      any field element
// Assumes n ≤ 252, so that the sum of bits cannot wrap (who checks: this template).
// Guarantees the range. Cost n + 1.
template InRange(n) {
    signal input in;
    assert(n <= 252);
    component bits = Num2Bits(n);
    bits.in <== in;
}

// The only decomposition of in whose integer value is ≤ max.
// in      any field element
// bits    {0,1}[n], least significant first
// Assumes max < 2^n ≤ 2^254; for max = r − 1 this is the canonical decomposition, so that `in` and `in + r` cannot both be offered.
// Guarantees Σ bits·2^i = in (mod r) and, as an integer, ≤ max.
// Method: walk from the top keeping p = "all bits so far equal max's". Where max has a 1, bits stay free and p becomes p·bit; where max
// has a 0, the booleanity constraint is replaced by (1 − p − bit)·bit = 0, which is booleanity while p = 0 and forces bit = 0 while p = 1.
// Cost n + (number of ones in max) + 1.
template BitsAtMost(n, max) {
    signal input in;
    signal output bits[n];
    signal equalSoFar[n + 1];

    var sum = 0;
    equalSoFar[n] <== 1;
    for (var i = n - 1; i >= 0; i--) {
        bits[i] <-- (in >> i) & 1;
        sum += bits[i] * (1 << i);
        if ((max >> i) & 1 == 1) {
            bits[i] * (bits[i] - 1) === 0;
            equalSoFar[i] <== equalSoFar[i + 1] * bits[i];
        } else {
            (1 - equalSoFar[i + 1] - bits[i]) * bits[i] === 0;
            equalSoFar[i] <== equalSoFar[i + 1];
        }
    }
    sum === in;
}
