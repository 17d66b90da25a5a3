pragma circom 2.2.2;

include "../lib/range.circom";
include "../generated/protocol.circom";

// Execution bounds of an order row (docs/protocol.md §4, rules 1, 3, 4). q, quote and fee are zero when isOrder = 0, which the caller enforces.
// quantity          executed, 1 ≤ q < 2^40 for an order
// quote             micro-USD: bounded below 2^72 by the band's two slacks
// fee               pico-USD, signed: |fee| < 2^92 by its two slacks
// maxFeePpm         signed, |x| ≤ 2^19;  rebateCap 20 bits;  limit, bands 32 bits
// A negative slack is r − (less than 2^93) and has no 72- or 93-bit form. Cost ≈ 40 + 3·73 + 2·94 + 6.
template Execution() {
    signal input isOrder;
    signal input side;
    signal input quantity;
    signal input quote;
    signal input fee;
    signal input limitPrice;
    signal input maxFeePpm;
    signal input priceMin;
    signal input priceMax;
    signal input rebateCap;

    // 1. q ≥ 1.
    component positive = InRange(QUANTITY_LOTS_BITS());
    positive.in <== quantity - isOrder;

    // 3. Band and limit.
    component aboveMin = InRange(QUOTE_MICRO_USD_BITS());
    component belowMax = InRange(QUOTE_MICRO_USD_BITS());
    component withinLimit = InRange(QUOTE_MICRO_USD_BITS());
    signal limitQuote;
    aboveMin.in <== quote - priceMin * quantity;
    belowMax.in <== priceMax * quantity - quote;
    limitQuote <== limitPrice * quantity;
    withinLimit.in <== (1 - 2 * side) * (limitQuote - quote);

    // 4. Fee.
    component rebateSlack = InRange(93);
    component feeSlack = InRange(93);
    rebateSlack.in <== fee + rebateCap * quote;
    feeSlack.in <== maxFeePpm * quote - fee;
}
