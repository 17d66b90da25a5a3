pragma circom 2.2.2;

include "comparators.circom";
include "../lib/range.circom";

// Which sizes may grow, and where (docs/protocol.md §5, rules 1 to 4).
// positive, magnitude (0)   final and S₀, from SizeLane: magnitude ≤ 2^40
// restricted, isolatedOnly  {0,1};  positionCap 40 bits: MarketTerms
// grows         {0,1}[8] prover's choice
// healthy       {0,1} the account ends with initial margin; outgoing {0,1}; priced {0,1}: named by a row that needs to know what the account is worth
// Guarantees    a magnitude that grew is within the market's cap, and the account is healthy and the market not restricted;
//               a sign that changed (to zero is none) likewise needs health and a market that is not restricted;
//               if any magnitude grew, no position in an isolated-only market stands beside another one;
//               an outgoing payment leaves no position in a restricted market, and whoever is named so had none at S₀.
// unpriced (0)  Σ of |size| in restricted markets, final and at S₀.
// Cost 8·(42 + 5 + 2 + 2 + 2 + 2) + 3.
template SizeGrowth() {
    signal input positive[8];
    signal input magnitude[8];
    signal input positive0[8];
    signal input magnitude0[8];
    signal input restricted[8];
    signal input isolatedOnly[8];
    signal input positionCap[8];
    signal input grows[8];
    signal input healthy;
    signal input outgoing;
    signal input priced;
    signal output unpriced;
    signal output unpriced0;

    // 1. Growth and sign, market by market. A negative slack is r − (at most 2^40) and has no 41-bit form.
    signal mayGrow[8];
    signal flipped[8];
    component within[8];
    var anyGrows = 0;
    for (var m = 0; m < 8; m++) {
        mayGrow[m] <== healthy * (1 - restricted[m]);
        grows[m] * (grows[m] - 1) === 0;
        grows[m] * (1 - mayGrow[m]) === 0;
        anyGrows += grows[m];
        within[m] = InRange(41);
        within[m].in <== magnitude0[m] - magnitude[m] + grows[m] * (positionCap[m] - magnitude0[m]);
        flipped[m] <== magnitude[m] * (positive0[m] - positive[m]);
        flipped[m] * (1 - mayGrow[m]) === 0;
    }

    // 2. Isolated-only markets: counts of at most eight each, so the sum of products is zero only when every product is.
    component empty[8];
    signal held[8];
    signal isolated[8];
    signal mixed[8];
    var positions = 0;
    for (var m = 0; m < 8; m++) {
        empty[m] = IsZero();
        empty[m].in <== magnitude[m];
        held[m] <== 1 - empty[m].out;
        positions += held[m];
    }
    var anyMixed = 0;
    for (var m = 0; m < 8; m++) {
        isolated[m] <== isolatedOnly[m] * held[m];
        mixed[m] <== isolated[m] * (positions - held[m]);
        anyMixed += mixed[m];
    }
    anyGrows * anyMixed === 0;

    // 3. Restricted markets: what is held there, in lots, is a sum of at most 8·2^40.
    signal silent[8];
    signal silent0[8];
    var silentSum = 0;
    var silentSum0 = 0;
    for (var m = 0; m < 8; m++) {
        silent[m] <== restricted[m] * magnitude[m];
        silent0[m] <== restricted[m] * magnitude0[m];
        silentSum += silent[m];
        silentSum0 += silent0[m];
    }
    unpriced <== silentSum;
    unpriced0 <== silentSum0;
    outgoing * unpriced === 0;
    priced * unpriced0 === 0;
}
