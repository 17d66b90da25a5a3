pragma circom 2.2.2;

include "../lib/range.circom";
include "../generated/protocol.circom";

// Gross open interest (Σ|size|) of one market over the batch.
// before, cap   48 bits, from the contract's words: the range checks make the lanes unique
// change        Σ over account slots of |size| after − before, |change| < 2^48
// withinCap     {0,1} prover's choice
// Guarantees after = before + change in 48 bits, and after ≤ cap or after ≤ before. Cost 199.
template OpenInterest() {
    signal input before;
    signal input cap;
    signal input change;
    signal input withinCap;
    signal output after;

    component beforeRange = InRange(GROSS_OPEN_INTEREST_BITS());
    component capRange = InRange(GROSS_OPEN_INTEREST_BITS());
    component afterRange = InRange(GROSS_OPEN_INTEREST_BITS());
    component slack = InRange(GROSS_OPEN_INTEREST_BITS());
    beforeRange.in <== before;
    capRange.in <== cap;
    after <== before + change;
    afterRange.in <== after;
    withinCap * (withinCap - 1) === 0;
    slack.in <== before + withinCap * (cap - before) - after;
}
