pragma circom 2.2.2;

include "../lib/range.circom";
include "../generated/protocol.circom";

// The epoch's terms of one market and its word in the public data (docs/protocol.md §7).
// All six are witness values; the ranges make the packed word, which the contract wrote, determine them.
// Cost 206.
template MarketTerms() {
    signal input price;
    signal input imf;
    signal input mmf;
    signal input priceMin;
    signal input priceMax;
    signal input fundingIndexOffset;
    signal output word;
    signal output fundingIndex;
    signal output priceImf;
    signal output priceMmf;

    component priceRange = InRange(PRICE_TICKS_BITS());
    component imfRange = InRange(RATE_PPM_BITS());
    component mmfRange = InRange(RATE_PPM_BITS());
    component minRange = InRange(PRICE_TICKS_BITS());
    component maxRange = InRange(PRICE_TICKS_BITS());
    component indexRange = InRange(64);
    priceRange.in <== price;
    imfRange.in <== imf;
    mmfRange.in <== mmf;
    minRange.in <== priceMin;
    maxRange.in <== priceMax;
    indexRange.in <== fundingIndexOffset;

    word <== price * (1 << MARKET_WORD_PRICE_TICKS_SHIFT())
        + imf * (1 << MARKET_WORD_IMF_PPM_SHIFT())
        + mmf * (1 << MARKET_WORD_MMF_PPM_SHIFT())
        + priceMin * (1 << MARKET_WORD_PRICE_MIN_TICKS_SHIFT())
        + priceMax * (1 << MARKET_WORD_PRICE_MAX_TICKS_SHIFT())
        + fundingIndexOffset * (1 << MARKET_WORD_FUNDING_INDEX_OFFSET_SHIFT());
    fundingIndex <== fundingIndexOffset - (1 << 63);
    priceImf <== price * imf;
    priceMmf <== price * mmf;
}
