pragma circom 2.2.2;

include "../lib/range.circom";
include "../generated/protocol.circom";

// What the epoch fixes for liquidations, and its word in the public data (docs/protocol.md §7).
// All four are witness values; the ranges make the packed word, which the contract wrote, determine them. Cost 134.
template LiquidationTerms() {
    signal input feeCap;
    signal input spread;
    signal input bankruptcyAdjustment;
    signal input insuranceCap;
    signal output word;

    component feeCapRange = InRange(RATE_PPM_BITS());
    component spreadRange = InRange(LIQUIDATION_SPREAD_BITS());
    component adjustmentRange = InRange(BANKRUPTCY_ADJUSTMENT_BITS());
    component capRange = InRange(INSURANCE_CAP_MICRO_USD_BITS());
    feeCapRange.in <== feeCap;
    spreadRange.in <== spread;
    adjustmentRange.in <== bankruptcyAdjustment;
    capRange.in <== insuranceCap;
    word <== feeCap * (1 << LIQUIDATION_TERMS_WORD_FEE_CAP_PPM_SHIFT())
        + spread * (1 << LIQUIDATION_TERMS_WORD_SPREAD_PPM_SHIFT())
        + bankruptcyAdjustment * (1 << LIQUIDATION_TERMS_WORD_BANKRUPTCY_ADJUSTMENT_PPM_SHIFT())
        + insuranceCap * (1 << LIQUIDATION_TERMS_WORD_INSURANCE_CAP_MICRO_USD_SHIFT());
}
