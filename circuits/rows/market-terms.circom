pragma circom 2.2.2;

include "../lib/range.circom";
include "../generated/protocol.circom";

// The epoch's terms of one market and its word in the public data (docs/protocol.md §7).
// All are witness values; the ranges make the packed word, which the contract wrote, determine them, and the lane of the haircut in word 25.
// restricted, retired, isolatedOnly   {0,1}
// Assumes (the contract, when it opens an epoch): price ≥ 1 and mmf ≥ 1 wherever somebody holds a position, so that whoever holds one has a requirement; a
// retired market has the empty band 1 … 0, so that nobody gets a position that a next touch would not end.
// Cost 266.
template MarketTerms() {
    signal input price;
    signal input imf;
    signal input mmf;
    signal input priceMin;
    signal input priceMax;
    signal input fundingIndexOffset;
    signal input restricted;
    signal input retired;
    signal input isolatedOnly;
    signal input positionCap;
    signal input exitHaircut;
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
    restricted * (restricted - 1) === 0;
    retired * (retired - 1) === 0;
    isolatedOnly * (isolatedOnly - 1) === 0;
    component positionRange = InRange(POSITION_CAP_LOTS_BITS());
    positionRange.in <== positionCap;
    component haircutRange = InRange(RATE_PPM_BITS());
    haircutRange.in <== exitHaircut;

    word <== price * (1 << MARKET_WORD_PRICE_TICKS_SHIFT())
        + imf * (1 << MARKET_WORD_IMF_PPM_SHIFT())
        + mmf * (1 << MARKET_WORD_MMF_PPM_SHIFT())
        + priceMin * (1 << MARKET_WORD_PRICE_MIN_TICKS_SHIFT())
        + priceMax * (1 << MARKET_WORD_PRICE_MAX_TICKS_SHIFT())
        + fundingIndexOffset * (1 << MARKET_WORD_FUNDING_INDEX_OFFSET_SHIFT())
        + restricted * (1 << MARKET_WORD_RESTRICTED_SHIFT())
        + retired * (1 << MARKET_WORD_RETIRED_SHIFT())
        + isolatedOnly * (1 << MARKET_WORD_ISOLATED_ONLY_SHIFT())
        + positionCap * (1 << MARKET_WORD_POSITION_CAP_LOTS_SHIFT());
    fundingIndex <== fundingIndexOffset - (1 << 63);
    priceImf <== price * imf;
    priceMmf <== price * mmf;
}
