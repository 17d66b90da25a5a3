pragma circom 2.2.2;

include "comparators.circom";
include "../lib/range.circom";

// The valid-final-state rule (docs/protocol.md §5) between S₀ and the final state, both at the epoch's prices.
// tv, trInitial, trMaintenance        final: |tv| < 2^97 (collateral is range-checked, §Margin), 0 ≤ tr < 2^95
// tv0, trInitial0, trMaintenance0     S₀: |tv0| < 2^109 (S₀ is not range-checked; |collateral0| < 2^108), 0 ≤ tr0 < 2^95
// positive, magnitude (0)             per market, from SizeLane
// healthy       {0,1} prover's choice of rule (1)
// outgoing      {0,1} the slot has a withdrawal
// Guarantees    healthy: tv ≥ trInitial
//               else: no magnitude grew, no sign changed (to zero is allowed), tv·tr0 ≥ tv0·tr for both requirements, tv ≥ tv0 where trInitial0 = 0, and not outgoing.
// Products are below 2^97·2^95 = 2^192 and 2^109·2^95 = 2^204 in size: their difference fits 205 bits, far below r.
template ValidTransition() {
    signal input tv;
    signal input trInitial;
    signal input trMaintenance;
    signal input tv0;
    signal input trInitial0;
    signal input trMaintenance0;
    signal input positive[8];
    signal input magnitude[8];
    signal input positive0[8];
    signal input magnitude0[8];
    signal input healthy;
    signal input outgoing;

    healthy * (healthy - 1) === 0;
    outgoing * (1 - healthy) === 0;

    // 1. Healthy: |tv − trInitial| < 2^97 + 2^95, so a negative difference is r − something and has no 98-bit form.
    component surplus = InRange(98);
    surplus.in <== healthy * (tv - trInitial);

    // 2. Not less safe: sizes.
    component shrunk[8];
    signal flipped[8];
    for (var m = 0; m < 8; m++) {
        shrunk[m] = InRange(41);
        shrunk[m].in <== (1 - healthy) * (magnitude0[m] - magnitude[m]);
        flipped[m] <== magnitude[m] * (positive0[m] - positive[m]);
        flipped[m] * (1 - healthy) === 0;
    }

    // 3. Not less safe: ratios, cross-multiplied. Where trInitial0 = 0 nothing grew, so trInitial = 0 too and the difference of products is 0: the value itself must not fall.
    component noRequirement = IsZero();
    noRequirement.in <== trInitial0;
    signal initialProduct;
    signal initialProduct0;
    signal valueGain;
    initialProduct <== tv * trInitial0;
    initialProduct0 <== tv0 * trInitial;
    valueGain <== noRequirement.out * (tv - tv0);
    component initialRatio = InRange(205);
    initialRatio.in <== (1 - healthy) * (initialProduct - initialProduct0 + valueGain);

    signal maintenanceProduct;
    signal maintenanceProduct0;
    maintenanceProduct <== tv * trMaintenance0;
    maintenanceProduct0 <== tv0 * trMaintenance;
    component maintenanceRatio = InRange(205);
    maintenanceRatio.in <== (1 - healthy) * (maintenanceProduct - maintenanceProduct0);
}
