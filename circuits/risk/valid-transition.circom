pragma circom 2.2.2;

include "comparators.circom";
include "../lib/range.circom";
include "size-growth.circom";

// The valid-final-state rule (docs/protocol.md §5, §5a) between S₀ and the final state, both at the epoch's prices.
// tv, trInitial, trMaintenance        final: |tv| < 2^97 (collateral is range-checked, §Margin), 0 ≤ tr < 2^95
// tv0, trInitial0, trMaintenance0     S₀: |tv0| < 2^109 (S₀ is not range-checked; |collateral0| < 2^108), 0 ≤ tr0 < 2^95
// positive, magnitude (0)             per market, from SizeLane
// restricted, isolatedOnly, positionCap   the epoch's, ranged by MarketTerms
// healthy       {0,1} prover's choice of "TV ≥ TR_i"
// grows         {0,1}[8] prover's choice: this |size| is bounded by the market's cap instead of by its own S₀
// outgoing      {0,1} the slot has a withdrawal or a transfer out
// liquidated, counterparty, yielding   {0,1}, at most one (the caller): named by a liquidation row; yielding: as a forced close's counterparty
// exempt        {0,1} only of one that is yielding, and holds at S₀ a position in a restricted market (the caller): its ratio is not known
// Guarantees    healthy: tv ≥ trInitial
//               counterparty: tv ≥ trMaintenance
//               not healthy: no magnitude grew, no sign changed (to zero is allowed); tv·tr0 ≥ tv0·tr for maintenance unless it is a counterparty or exempt,
//               for initial margin and, where trInitial0 = 0, tv ≥ tv0 unless it is named; and not outgoing
//               SizeGrowth's rules on restricted and isolated-only markets and on position caps
// maintenanceProduct = tv·trMaintenance0, maintenanceProduct0 = tv0·trMaintenance: liquidation rows compare them more closely.
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
    signal input restricted[8];
    signal input isolatedOnly[8];
    signal input positionCap[8];
    signal input healthy;
    signal input grows[8];
    signal input outgoing;
    signal input liquidated;
    signal input counterparty;
    signal input yielding;
    signal input exempt;
    signal output maintenanceProduct;
    signal output maintenanceProduct0;
    signal output unpriced;
    signal output unpriced0;

    // 1. Which rule. Whoever a liquidation names is judged by the liquidation's rules.
    signal named;
    named <== liquidated + counterparty + yielding;
    healthy * (healthy - 1) === 0;
    healthy * named === 0;
    outgoing * (1 - healthy) === 0;

    // 2. Enough value: |tv − tr| < 2^97 + 2^95, so a negative difference is r − something and has no 98-bit form.
    component surplus = InRange(98);
    signal initialSurplus;
    signal maintenanceSurplus;
    initialSurplus <== healthy * (tv - trInitial);
    maintenanceSurplus <== counterparty * (tv - trMaintenance);
    surplus.in <== initialSurplus + maintenanceSurplus;

    // 3. Sizes.
    component sizes = SizeGrowth();
    for (var m = 0; m < 8; m++) {
        sizes.positive[m] <== positive[m];
        sizes.magnitude[m] <== magnitude[m];
        sizes.positive0[m] <== positive0[m];
        sizes.magnitude0[m] <== magnitude0[m];
        sizes.restricted[m] <== restricted[m];
        sizes.isolatedOnly[m] <== isolatedOnly[m];
        sizes.positionCap[m] <== positionCap[m];
        sizes.grows[m] <== grows[m];
    }
    sizes.healthy <== healthy;
    sizes.outgoing <== outgoing;
    sizes.priced <== liquidated + counterparty;
    unpriced <== sizes.unpriced;
    unpriced0 <== sizes.unpriced0;

    // 4. Not less safe, cross-multiplied. Where trInitial0 = 0 nothing grew, so trInitial = 0 too and the difference of products is 0: the value itself must not fall.
    component noRequirement = IsZero();
    noRequirement.in <== trInitial0;
    signal initialProduct;
    signal initialProduct0;
    signal valueGain;
    initialProduct <== tv * trInitial0;
    initialProduct0 <== tv0 * trInitial;
    valueGain <== noRequirement.out * (tv - tv0);
    component initialRatio = InRange(205);
    initialRatio.in <== (1 - healthy - named) * (initialProduct - initialProduct0 + valueGain);

    maintenanceProduct <== tv * trMaintenance0;
    maintenanceProduct0 <== tv0 * trMaintenance;
    component maintenanceRatio = InRange(205);
    maintenanceRatio.in <== (1 - healthy - counterparty - exempt) * (maintenanceProduct - maintenanceProduct0);
}
