pragma circom 2.2.2;

// Value and margin requirement of a leaf at the epoch's prices, in pico-USD (docs/protocol.md §5). No rounding anywhere.
// collateral       signed pico-USD
// size             signed lots, |size| ≤ 2^40;  magnitude = |size| (the caller derives both from checked lanes)
// price            ticks, 32 bits; price·imf and price·mmf are formed once a batch, 52 bits
// Guarantees tv = collateral + 10^6·Σ size·price   (|Σ| ≤ 8·2^72·2^20 = 2^95),
//            trInitial = Σ |size|·price·imf,  trMaintenance = Σ |size|·price·mmf   (each < 2^95).
// Cost 24.
template Margin() {
    signal input collateral;
    signal input size[8];
    signal input magnitude[8];
    signal input price[8];
    signal input priceImf[8];
    signal input priceMmf[8];
    signal output tv;
    signal output trInitial;
    signal output trMaintenance;

    signal value[8];
    signal initial[8];
    signal maintenance[8];
    var sumValue = 0;
    var sumInitial = 0;
    var sumMaintenance = 0;
    for (var m = 0; m < 8; m++) {
        value[m] <== size[m] * price[m];
        initial[m] <== magnitude[m] * priceImf[m];
        maintenance[m] <== magnitude[m] * priceMmf[m];
        sumValue += value[m];
        sumInitial += initial[m];
        sumMaintenance += maintenance[m];
    }
    tv <== collateral + 1000000 * sumValue;
    trInitial <== sumInitial;
    trMaintenance <== sumMaintenance;
}
