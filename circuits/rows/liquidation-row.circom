pragma circom 2.2.2;

include "comparators.circom";
include "../lib/range.circom";
include "../lib/select.circom";
include "../generated/protocol.circom";

// One row that nobody signed (docs/protocol.md §5a, §5b): whom it names, its amounts, and what it does to them. A = account slots; slot 0 is the insurance
// fund's while a row is active (step 4 of the batch). LiquidationBounds and ValidTransition say what it may do.
// isLiquidation, isDeleveraging, isExitFill, isForcedClose   {0,1}, at most one. The last two serve the batch's request: constant zeros but in the first row, for
//                                 the one account that they may name has no other row
// request                         {0,1}[A], at most one: the slot that the request names (Request)
// account, counterparty           {0,1}[A], prover's choices: one account if active, one counterparty if deleveraging or a forced close
// market bits, side               of the account: 0 buys back a short, 1 sells a long
// quantity 40 bits, fee 93 bits, payout and covered 97 bits: ranged here; quote: below 2^72 by the band's two slacks, by the first of them for a forced close
// price 32 bits, priceMmf 52 bits, haircut 20 bits, bands 32 bits (MarketTerms; a market that is retired or not live has the empty band 1 … 0 and no row of the pool)
// Guarantees the ranges, 1 ≤ q < 2^40 in an active row and zeros in a padding row, the band but for a forced close, a fee only of a liquidation, a payout of
//            it or a deleveraging only, that a row which serves the request closes a position of its account, and the effects:
//            size ±= q, collateral −= ±quote·10^6 + fee − payout, mirrored for the counterparty, who bears payout − covered.
// indexQuote = q·price, maintenance = q·price·mmf, haircut of the market: for LiquidationBounds.
template LiquidationRow(A) {
    signal input isLiquidation;
    signal input isDeleveraging;
    signal input isExitFill;
    signal input isForcedClose;
    signal input request[A];
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
    signal input haircut[8];

    signal output active;
    signal output word;
    signal output poolDelta[8];
    signal output sizeWordDelta[2];
    signal output collateralDelta;
    signal output counterpartyCollateralDelta;
    signal output indexQuote;
    signal output maintenance;
    signal output marketHaircut;

    // 1. Kind and accounts. The fund itself is never liquidated and never a counterparty.
    isLiquidation * (isLiquidation - 1) === 0;
    isDeleveraging * (isDeleveraging - 1) === 0;
    isExitFill * (isExitFill - 1) === 0;
    isForcedClose * (isForcedClose - 1) === 0;
    active <== isLiquidation + isDeleveraging + isExitFill + isForcedClose;
    active * (active - 1) === 0;
    component whose = AtMostOne(A);
    component against = AtMostOne(A);
    for (var j = 0; j < A; j++) {
        whose.choice[j] <== account[j];
        against.choice[j] <== counterparty[j];
    }
    whose.any === active;
    against.any === isDeleveraging + isForcedClose;
    account[0] === 0;
    counterparty[0] === 0;
    signal ofRequest[A];
    var ofRequestSum = 0;
    for (var j = 0; j < A; j++) {
        ofRequest[j] <== account[j] * request[j];
        ofRequestSum += ofRequest[j];
    }
    (isExitFill + isForcedClose) * (1 - ofRequestSum) === 0;

    // 2. Market and amounts. The epoch's band holds here as for orders (Execution): the pool nets a batch's quotes, so a row without a band could take what
    // the others leave between their prices. A forced close is outside the pool, and its price is one number. A padding row has q = 0, hence quote = 0 by the
    // band, and carries nothing else.
    for (var b = 0; b < 3; b++) market[b] * (market[b] - 1) === 0;
    side * (side - 1) === 0;
    component where = OneHot8();
    for (var b = 0; b < 3; b++) where.digit[b] <== market[b];
    component pick[5];
    for (var p = 0; p < 5; p++) {
        pick[p] = Pick(8);
        for (var m = 0; m < 8; m++) pick[p].choice[m] <== where.out[m];
    }
    for (var m = 0; m < 8; m++) {
        pick[0].in[m] <== price[m];
        pick[1].in[m] <== priceMmf[m];
        pick[2].in[m] <== priceMin[m];
        pick[3].in[m] <== priceMax[m];
        pick[4].in[m] <== haircut[m];
    }
    indexQuote <== quantity * pick[0].out;
    maintenance <== quantity * pick[1].out;
    marketHaircut <== pick[4].out;
    signal lowest;
    signal highest;
    lowest <== quantity * pick[2].out;
    highest <== quantity * pick[3].out;
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
    aboveMin.in <== quote - (1 - isForcedClose) * lowest;
    belowMax.in <== (1 - isForcedClose) * (highest - quote);
    feeRange.in <== fee;
    payoutRange.in <== payout;
    coveredRange.in <== covered;
    var marketNumber = 0;
    for (var b = 0; b < 3; b++) marketNumber += market[b] * (1 << b);
    (1 - active) * (marketNumber + 8 * side) === 0;
    (1 - isLiquidation - isDeleveraging) * payout === 0;
    (1 - isLiquidation - isDeleveraging) * covered === 0;
    (1 - isLiquidation) * fee === 0;

    // 3. Effects. A liquidation and an exit fill trade with the pool.
    signal signedQ;
    signal signedQuote;
    signedQ <== (1 - 2 * side) * quantity;
    signedQuote <== (1 - 2 * side) * quote;
    signal pooled;
    pooled <== (isLiquidation + isExitFill) * (signedQuote + (1 << 100) * signedQ);
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
        + isExitFill * ROW_EXIT_FILL() + isForcedClose * ROW_FORCED_CLOSE()
        + accountSlot * (1 << LIQUIDATION_WORD_ACCOUNT_SLOT_SHIFT())
        + counterpartySlot * (1 << LIQUIDATION_WORD_COUNTERPARTY_SLOT_SHIFT())
        + marketNumber * (1 << LIQUIDATION_WORD_MARKET_SHIFT())
        + side * (1 << LIQUIDATION_WORD_SIDE_SHIFT())
        + quantity * (1 << LIQUIDATION_WORD_QUANTITY_LOTS_SHIFT())
        + quote * (1 << LIQUIDATION_WORD_QUOTE_MICRO_USD_SHIFT());
}
