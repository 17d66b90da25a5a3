pragma circom 2.2.2;

include "comparators.circom";
include "../lib/range.circom";
include "../lib/select.circom";
include "../generated/protocol.circom";

// One liquidation or deleveraging (docs/protocol.md §5a): whom it names, its amounts, and what it does to them. A = account slots; slot 0 is the insurance
// fund's while a row is active (step 4 of the batch). No signature stands behind a row: LiquidationBounds and ValidTransition say what it may do.
// isLiquidation, isDeleveraging   {0,1}, at most one
// account, counterparty           {0,1}[A], prover's choices: one account if active, one counterparty if deleveraging
// market bits, side               of the liquidated account: 0 buys back a short, 1 sells a long
// quantity 40 bits, fee 93 bits, payout and covered 97 bits: ranged here; quote: bounded below 2^72 by the band's two slacks
// price 32 bits, priceMmf 52 bits, bands 32 bits (MarketTerms; a market that is retired or not live has the empty band 1 … 0 and no row)
// Guarantees the ranges, 1 ≤ q < 2^40 in an active row and zeros in a padding row, the band, a fee only of a liquidation, and the effects:
//            size ±= q, collateral −= ±quote·10^6 + fee − payout, mirrored for the counterparty, who bears payout − covered.
// indexQuote = q·price, maintenance = q·price·mmf: for LiquidationBounds. Cost ≈ 41 + 2·73 + 94 + 2·98 + 80 + 3·A.
template LiquidationRow(A) {
    signal input isLiquidation;
    signal input isDeleveraging;
    signal input account[A];
    signal input counterparty[A];
    signal input market[3];
    signal input side;
    signal input quantity;
    signal input quote;
    signal input fee;
    signal input payout;
    signal input covered;
    signal input price[8];
    signal input priceMmf[8];
    signal input priceMin[8];
    signal input priceMax[8];

    signal output active;
    signal output word;
    signal output poolDelta[8];
    signal output sizeWordDelta[2];
    signal output collateralDelta;
    signal output counterpartyCollateralDelta;
    signal output indexQuote;
    signal output maintenance;

    // 1. Kind and accounts. The fund itself is never liquidated and never a counterparty.
    isLiquidation * (isLiquidation - 1) === 0;
    isDeleveraging * (isDeleveraging - 1) === 0;
    active <== isLiquidation + isDeleveraging;
    active * (active - 1) === 0;
    component whose = AtMostOne(A);
    component against = AtMostOne(A);
    for (var j = 0; j < A; j++) {
        whose.choice[j] <== account[j];
        against.choice[j] <== counterparty[j];
    }
    whose.any === active;
    against.any === isDeleveraging;
    account[0] === 0;
    counterparty[0] === 0;

    // 2. Market and amounts. The epoch's band holds here as for orders (Execution): the pool nets a batch's quotes, so a row without a band could take what
    // the others leave between their prices. A padding row has q = 0, hence quote = 0 by the band, and carries nothing else.
    for (var b = 0; b < 3; b++) market[b] * (market[b] - 1) === 0;
    side * (side - 1) === 0;
    component where = OneHot8();
    for (var b = 0; b < 3; b++) where.digit[b] <== market[b];
    component pick[4];
    for (var p = 0; p < 4; p++) {
        pick[p] = Pick(8);
        for (var m = 0; m < 8; m++) pick[p].choice[m] <== where.out[m];
    }
    for (var m = 0; m < 8; m++) {
        pick[0].in[m] <== price[m];
        pick[1].in[m] <== priceMmf[m];
        pick[2].in[m] <== priceMin[m];
        pick[3].in[m] <== priceMax[m];
    }
    indexQuote <== quantity * pick[0].out;
    maintenance <== quantity * pick[1].out;
    component quantityRange = InRange(QUANTITY_LOTS_BITS());
    component none = IsZero();
    component aboveMin = InRange(QUOTE_MICRO_USD_BITS());
    component belowMax = InRange(QUOTE_MICRO_USD_BITS());
    component feeRange = InRange(93);
    component payoutRange = InRange(97);
    component coveredRange = InRange(97);
    quantityRange.in <== quantity;
    none.in <== quantity;
    none.out === 1 - active;
    aboveMin.in <== quote - pick[2].out * quantity;
    belowMax.in <== pick[3].out * quantity - quote;
    feeRange.in <== fee;
    payoutRange.in <== payout;
    coveredRange.in <== covered;
    var marketNumber = 0;
    for (var b = 0; b < 3; b++) marketNumber += market[b] * (1 << b);
    (1 - active) * (marketNumber + 8 * side) === 0;
    (1 - active) * payout === 0;
    (1 - active) * covered === 0;
    (1 - isLiquidation) * fee === 0;

    // 3. Effects. Only a liquidation trades with the pool.
    signal signedQ;
    signal signedQuote;
    signedQ <== (1 - 2 * side) * quantity;
    signedQuote <== (1 - 2 * side) * quote;
    signal pooled;
    pooled <== isLiquidation * (signedQuote + (1 << 100) * signedQ);
    for (var m = 0; m < 8; m++) poolDelta[m] <== where.out[m] * pooled;
    for (var w = 0; w < 2; w++) {
        var lane = 0;
        for (var m = 0; m < 4; m++) lane += where.out[4 * w + m] * (1 << (SIZE_LANE_BITS() * m));
        sizeWordDelta[w] <== lane * signedQ;
    }
    collateralDelta <== -PICO_PER_MICRO() * signedQuote - fee + payout;
    counterpartyCollateralDelta <== PICO_PER_MICRO() * signedQuote - payout + covered;

    // 4. The published word.
    var accountSlot = 0;
    var counterpartySlot = 0;
    for (var j = 0; j < A; j++) {
        accountSlot += account[j] * j;
        counterpartySlot += counterparty[j] * j;
    }
    word <== isLiquidation * ROW_LIQUIDATION() + isDeleveraging * ROW_DELEVERAGING()
        + accountSlot * (1 << LIQUIDATION_WORD_ACCOUNT_SLOT_SHIFT())
        + counterpartySlot * (1 << LIQUIDATION_WORD_COUNTERPARTY_SLOT_SHIFT())
        + marketNumber * (1 << LIQUIDATION_WORD_MARKET_SHIFT())
        + side * (1 << LIQUIDATION_WORD_SIDE_SHIFT())
        + quantity * (1 << LIQUIDATION_WORD_QUANTITY_LOTS_SHIFT())
        + quote * (1 << LIQUIDATION_WORD_QUOTE_MICRO_USD_SHIFT());
}
