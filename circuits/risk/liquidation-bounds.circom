pragma circom 2.2.2;

include "../lib/range.circom";
include "../lib/select.circom";
include "../generated/protocol.circom";

// What a row that nobody signed may do (docs/protocol.md §5a, rules 2 to 10, and §5b, rules 4 and 5; rules 1 and 11, and what is asked of a forced close's
// counterparty, stand in ValidTransition, the band in LiquidationRow). A = account slots.
// isLiquidation, isDeleveraging, isExitFill, isForcedClose, account   of the row, checked there; all zero in a padding row
// isForcedExit, isLiquidationRequest   {0,1}, not both: the request's kind (Request)
// haircut              20 bits, of the row's market
// side, quantity, quote, fee, payout, covered, indexQuote, maintenance   of the row, ranged there
// pays, capped         {0,1} prover's choices: payout > 0; X is at its upper end (rule 7)
// feeCap 20, spread 22, bankruptcyAdjustment 24 bits (LiquidationTerms)
// slot…                S₀ and final values of the slots: |tv0| < 2^109, |tv| < 2^97, 0 ≤ trMaintenance (0) < 2^95, |products| < 2^204
// capLeft, fund        pico-USD before this row: both differences with covered are ranged here; |fund| < 2^108 + 4·2^93 (S₀ of slot 0 and fees)
// Guarantees the rules; 0 ≤ capLeftAfter < 2^84 and fundAfter ≥ 0 for the next row. Cost ≈ 6·A + 207 + 98 + 85 + 110 + 111 + 94 + 136 + 232 + 141 + 20, and 30
// where rows may serve a request.
template LiquidationBounds(A) {
    signal input isLiquidation;
    signal input isDeleveraging;
    signal input isExitFill;
    signal input isForcedClose;
    signal input isForcedExit;
    signal input isLiquidationRequest;
    signal input haircut;
    signal input account[A];
    signal input side;
    signal input quantity;
    signal input quote;
    signal input fee;
    signal input payout;
    signal input covered;
    signal input indexQuote;
    signal input maintenance;
    signal input pays;
    signal input capped;
    signal input feeCap;
    signal input spread;
    signal input bankruptcyAdjustment;
    signal input slotTv0[A];
    signal input slotTrMaintenance0[A];
    signal input slotTv[A];
    signal input slotTrMaintenance[A];
    signal input slotMaintenanceProduct[A];
    signal input slotMaintenanceProduct0[A];
    signal input capLeft;
    signal input fund;
    signal output capLeftAfter;
    signal output fundAfter;

    // 1. The account's S₀ and final values.
    component pick[6];
    for (var p = 0; p < 6; p++) {
        pick[p] = Pick(A);
        for (var j = 0; j < A; j++) pick[p].choice[j] <== account[j];
    }
    for (var j = 0; j < A; j++) {
        pick[0].in[j] <== slotTv0[j];
        pick[1].in[j] <== slotTrMaintenance0[j];
        pick[2].in[j] <== slotTv[j];
        pick[3].in[j] <== slotTrMaintenance[j];
        pick[4].in[j] <== slotMaintenanceProduct[j];
        pick[5].in[j] <== slotMaintenanceProduct0[j];
    }
    var tv0 = pick[0].out;
    var tr0 = pick[1].out;
    var excess0 = pick[0].out - pick[1].out;
    var excess = pick[2].out - pick[3].out;

    // 2. Rule 2: a payout is the least that keeps the maintenance ratio, to one micro-USD. |products| < 2^204, so that the difference fits 206 bits.
    pays * (pays - 1) === 0;
    (1 - pays) * payout === 0;
    fee * payout === 0;
    component least = InRange(206);
    least.in <== pays * (pick[5].out - pick[4].out + PICO_PER_MICRO() * tr0 - 1);

    // 3. Rule 3: the fund pays within the epoch's cap and what it has, and as long as it can. A negative slack is r − (less than 2^109).
    component uncovered = InRange(97);
    component capSlack = InRange(INSURANCE_SPENT_BITS());
    component fundSlack = InRange(109);
    uncovered.in <== payout - covered;
    capLeftAfter <== capLeft - covered;
    capSlack.in <== capLeftAfter;
    // The fund of a batch without liquidations is no account's and reads zero.
    fundSlack.in <== fund - covered;
    signal somethingLeft;
    somethingLeft <== (capLeft - covered) * (fund - covered);
    // r is prime: the product vanishes only where a factor does.
    (payout - covered) * somethingLeft === 0;
    fundAfter <== fund - covered + fee;

    // 4. Rules 4 and 9: liquidatable, or bankrupt. |tv0 − tr0| < 2^110. A forced close is due in the same way where a liquidation was asked for, and as it is
    // where an exit was; an exit fill serves an exit only.
    signal closesLiquidatable;
    signal dueLiquidation;
    signal dueDeleveraging;
    isExitFill * (1 - isForcedExit) === 0;
    isForcedClose * (1 - isForcedExit - isLiquidationRequest) === 0;
    closesLiquidatable <== isForcedClose * isLiquidationRequest;
    dueLiquidation <== (isLiquidation + closesLiquidatable) * (-excess0 - 1);
    dueDeleveraging <== isDeleveraging * (-tv0 - 1);
    component due = InRange(110);
    due.in <== dueLiquidation + dueDeleveraging;

    // 5. Rule 5; rule 10: at the index price, exactly.
    isLiquidation * (payout - covered) === 0;
    isDeleveraging * (quote - indexQuote) === 0;

    // 6. Rule 6: both sides are below 2^93. In its place, of a row that serves a request, §5b: the quote is off the index price by the haircut at most, none where a
    // liquidation was asked for; a forced close is at that bound, rounded in X's favour. |10^6·distance| < 2^92, haircut·indexQuote < 2^20·2^72.
    signal requested;
    requested <== isExitFill + isForcedClose;
    signal distance;
    distance <== (2 * side - 1) * (quote - indexQuote);
    signal exitHaircut;
    signal allowed;
    exitHaircut <== isForcedExit * haircut;
    allowed <== exitHaircut * indexQuote;
    signal feeLeft;
    feeLeft <== feeCap * quote - fee;
    component feeSlack = InRange(93);
    feeSlack.in <== feeLeft + requested * (PPM() * distance + allowed - feeLeft);
    component roundedUp = InRange(20);
    roundedUp.in <== isForcedClose * (PPM() - 1 - PPM() * distance - allowed);

    // 7. Rule 7, the fillable price, which is not asked of a row that serves a request. Both ends of X are below 2^24·2^110 in size, so that their difference fits
    // 135 bits. The slack is below 2^72·2^60·2^95 = 2^227 plus 2^115·2^22·2^92 = 2^229. At quote = indexQuote, and in a padding row, it cannot be negative.
    capped * (capped - 1) === 0;
    capped * (1 - isLiquidation - isDeleveraging) === 0;
    signal short;
    signal requirement;
    short <== (1 - requested) * (-excess0);
    requirement <== (1 - requested) * tr0;
    signal proportional;
    proportional <== bankruptcyAdjustment * short;
    component lowerEnd = InRange(135);
    lowerEnd.in <== (2 * capped - 1) * (proportional - PPM() * requirement);
    signal x;
    x <== proportional + capped * (PPM() * requirement - proportional);
    signal distanceScaled;
    signal spreadOfRow;
    signal allowance;
    distanceScaled <== distance * requirement;
    spreadOfRow <== spread * maintenance;
    allowance <== x * spreadOfRow;
    component fillable = InRange(231);
    fillable.in <== distanceScaled * (PPM() * PPM() * PPM()) + allowance;

    // 8. Rule 8, the least quantity: |excess0 + (q − 1)·excess| < 2^110 + 2^40·2^98.
    signal path;
    path <== (quantity - 1) * excess;
    component notYet = InRange(140);
    notYet.in <== (isLiquidation + closesLiquidatable) * (-excess0 - path - 1);
}
