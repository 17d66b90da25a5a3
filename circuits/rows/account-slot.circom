pragma circom 2.2.2;

include "../lib/range.circom";
include "../encoding/account-leaf.circom";
include "../risk/margin.circom";
include "../risk/size-lane.circom";
include "../risk/valid-transition.circom";
include "../generated/protocol.circom";

// One account of the batch: loaded once, stored once, margin checked once on its final state (docs/protocol.md §5).
// active, isNew       isNew: the leaf was absent (0); it comes from the queue
// account … minSequence, lane   old leaf, prover-chosen; the leaf hash and the ranges determine them
// collateral          funding-adjusted, |x| < 2^107 by induction: 2^96 + 8·2^40·2^63
// deposits            micro-USD: deposits and incoming transfers, < 64·2^72
// sizeWordDelta       Σ row deltas: ≤ 64 rows of < 2^40, so a lane moves by < 2^46 (and by ≤ 2^40 where a market is retired) and can never reach the next lane's 48-bit place
// collateralDelta     pico-USD, signed: Σ of ≤ 64 rows below 2^98
// rowReferences       number of signed rows on this slot;  liquidated, counterparty, yielding  number of liquidations that name it: at most one in all
// requested           {0,1} the request names it;  axDelta, ayDelta  what a rotation changes of the key, zero otherwise (Request)
// exempt              see ValidTransition
// retired             {0,1}[8]: what is held there ends at the price before anything else happens
// orderRootAfter      last value of the order-root register
// payments, cancelAlls     number of withdrawals and transfers out, and of cancel-alls, of this account: at most one each
// healthy, grows      prover's choices, see ValidTransition
// Guarantees oldLeaf, newLeaf (0 for an absent old leaf), the valid-final-state rule, and the published words; whoever a liquidation or a request names has no
//            signed row; S₀ and final values for the liquidation rows and the request.
template AccountSlot() {
    signal input active;
    signal input isNew;
    signal input account;
    signal input owner;
    signal input ax;
    signal input ay;
    signal input collateral;
    signal input orderRoot;
    signal input withdrawalNonce;
    signal input minSequence;
    signal input lane[8];
    signal input lanesAfter[8];
    signal input healthy;
    signal input grows[8];

    signal input deposits;
    signal input sizeWordDelta[2];
    signal input collateralDelta;
    signal input orderRootAfter;
    signal input payments;
    signal input cancelAlls;
    signal input minSequenceDelta;
    signal input references;
    signal input rowReferences;
    signal input liquidated;
    signal input counterparty;
    signal input yielding;
    signal input exempt;
    signal input requested;
    signal input axDelta;
    signal input ayDelta;

    signal input price[8];
    signal input priceImf[8];
    signal input priceMmf[8];
    signal input epochFundingIndex[8];
    signal input restricted[8];
    signal input retired[8];
    signal input isolatedOnly[8];
    signal input positionCap[8];

    signal output oldLeaf;
    signal output newLeaf;
    signal output words[3];
    signal output magnitudeChange[8];
    signal output collateral0;
    signal output tv0;
    signal output trMaintenance0;
    signal output tv;
    signal output trMaintenance;
    signal output maintenanceProduct;
    signal output maintenanceProduct0;
    signal output collateralAfter;
    signal output lots;
    signal output unpriced;
    signal output unpriced0;

    // 1. An unused slot is referred to by nothing; a slot that a liquidation or the request names, by no signed row. (All of them: small sums of booleans.)
    active * (active - 1) === 0;
    (1 - active) * references === 0;
    isNew * (1 - isNew) === 0;
    payments * (payments - 1) === 0;
    cancelAlls * (cancelAlls - 1) === 0;
    signal named;
    named <== liquidated + counterparty + yielding;
    named * (named - 1) === 0;
    (named + requested) * rowReferences === 0;

    // 2. Old leaf. A new account starts from nothing.
    component nonceRange = InRange(WITHDRAWAL_NONCE_BITS());
    component minSequenceRange = InRange(SEQUENCE_BITS());
    nonceRange.in <== withdrawalNonce;
    minSequenceRange.in <== minSequence;
    component before[8];
    var sizeWordsBefore[2] = [0, 0];
    for (var m = 0; m < 8; m++) {
        before[m] = SizeLane();
        before[m].lane <== lane[m];
        sizeWordsBefore[m \ 4] += lane[m] * (1 << (SIZE_LANE_BITS() * (m % 4)));
    }
    var EMPTY_SIZES = (1 << 40) * (1 + (1 << SIZE_LANE_BITS()) + (1 << (2 * SIZE_LANE_BITS())) + (1 << (3 * SIZE_LANE_BITS())));
    // A new account is flat, and so is an unused slot: otherwise a retired market would let it lower the open interest. (isNew implies active.)
    for (var w = 0; w < 2; w++) (isNew + 1 - active) * (sizeWordsBefore[w] - EMPTY_SIZES) === 0;
    isNew * collateral === 0;
    isNew * withdrawalNonce === 0;
    isNew * minSequence === 0;
    isNew * (orderRoot - EMPTY_ORDER_ROOT()) === 0;
    component leafBefore = AccountLeaf();
    leafBefore.ax <== ax;
    leafBefore.ay <== ay;
    leafBefore.owner <== owner;
    leafBefore.collateral <== collateral;
    leafBefore.orderRoot <== orderRoot;
    leafBefore.counters <== withdrawalNonce + minSequence * (1 << COUNTERS_MIN_SEQUENCE_SHIFT());
    for (var w = 0; w < 2; w++) leafBefore.sizeWords[w] <== sizeWordsBefore[w];
    // 0 for an absent leaf, and for an unused slot (isNew implies active, by the references).
    oldLeaf <== leafBefore.hash * (active - isNew);

    // 3. Funding, then retired markets, then deposits and incoming transfers: S₀. |size·index| < 2^40·2^63 each, |size·price|·10^6 < 2^92, so |collateral0| < 2^108.
    signal fundingBefore[8];
    var owed = 0;
    for (var m = 0; m < 8; m++) {
        fundingBefore[m] <== before[m].size * epochFundingIndex[m];
        owed += fundingBefore[m];
    }
    signal ended[8];
    signal endedValue[8];
    signal magnitude0[8];
    var endedWords[2] = [0, 0];
    var settled = 0;
    for (var m = 0; m < 8; m++) {
        ended[m] <== retired[m] * before[m].size;
        endedValue[m] <== ended[m] * price[m];
        magnitude0[m] <== (1 - retired[m]) * before[m].magnitude;
        endedWords[m \ 4] += ended[m] * (1 << (SIZE_LANE_BITS() * (m % 4)));
        settled += endedValue[m];
    }
    collateral0 <== collateral - owed + PICO_PER_MICRO() * (settled + deposits);

    // 4. Rows. The packed words take the deltas; lanes of 41 bits with a stride of 48 make the new lanes unique.
    collateralAfter <== collateral0 + collateralDelta;
    component collateralRange = InRange(COLLATERAL_MAGNITUDE_BITS() + 1);
    collateralRange.in <== collateralAfter + (1 << COLLATERAL_MAGNITUDE_BITS());
    component after[8];
    var sizeWordsAfter[2] = [0, 0];
    var lotsSum = 0;
    for (var m = 0; m < 8; m++) {
        after[m] = SizeLane();
        after[m].lane <== lanesAfter[m];
        sizeWordsAfter[m \ 4] += lanesAfter[m] * (1 << (SIZE_LANE_BITS() * (m % 4)));
        // Zero for an unused slot: it is flat, and no row refers to it.
        magnitudeChange[m] <== after[m].magnitude - before[m].magnitude;
        lotsSum += after[m].magnitude;
    }
    lots <== lotsSum;
    for (var w = 0; w < 2; w++) sizeWordsAfter[w] === sizeWordsBefore[w] - endedWords[w] + sizeWordDelta[w];

    // 5. Margin at the end against S₀.
    component start = Margin();
    component end = Margin();
    start.collateral <== collateral0;
    end.collateral <== collateralAfter;
    component rule = ValidTransition();
    for (var m = 0; m < 8; m++) {
        start.size[m] <== before[m].size - ended[m];
        start.magnitude[m] <== magnitude0[m];
        end.size[m] <== after[m].size;
        end.magnitude[m] <== after[m].magnitude;
        start.price[m] <== price[m];
        start.priceImf[m] <== priceImf[m];
        start.priceMmf[m] <== priceMmf[m];
        end.price[m] <== price[m];
        end.priceImf[m] <== priceImf[m];
        end.priceMmf[m] <== priceMmf[m];
        rule.positive[m] <== after[m].positive;
        rule.magnitude[m] <== after[m].magnitude;
        rule.positive0[m] <== before[m].positive;
        rule.magnitude0[m] <== magnitude0[m];
        rule.restricted[m] <== restricted[m];
        rule.isolatedOnly[m] <== isolatedOnly[m];
        rule.positionCap[m] <== positionCap[m];
        rule.grows[m] <== grows[m];
    }
    rule.tv <== end.tv;
    rule.trInitial <== end.trInitial;
    rule.trMaintenance <== end.trMaintenance;
    rule.tv0 <== start.tv;
    rule.trInitial0 <== start.trInitial;
    rule.trMaintenance0 <== start.trMaintenance;
    rule.healthy <== healthy;
    rule.outgoing <== payments;
    rule.liquidated <== liquidated;
    rule.counterparty <== counterparty;
    rule.yielding <== yielding;
    rule.exempt <== exempt;
    tv0 <== start.tv;
    trMaintenance0 <== start.trMaintenance;
    tv <== end.tv;
    trMaintenance <== end.trMaintenance;
    maintenanceProduct <== rule.maintenanceProduct;
    maintenanceProduct0 <== rule.maintenanceProduct0;
    unpriced <== rule.unpriced;
    unpriced0 <== rule.unpriced0;

    // 6. New leaf, with the new key after a rotation. The nonce is 32 bits and grows by one a batch at most: it would take 2^32 batches to leave its place.
    signal nonceAfter;
    signal minSequenceAfter;
    nonceAfter <== withdrawalNonce + payments;
    minSequenceAfter <== minSequence + minSequenceDelta;
    component leafAfter = AccountLeaf();
    leafAfter.ax <== ax + axDelta;
    leafAfter.ay <== ay + ayDelta;
    leafAfter.owner <== owner;
    signal fundingAfter[8];
    var adjusted = collateralAfter;
    for (var m = 0; m < 8; m++) {
        fundingAfter[m] <== after[m].size * epochFundingIndex[m];
        adjusted += fundingAfter[m];
    }
    leafAfter.collateral <== adjusted;
    leafAfter.orderRoot <== orderRootAfter;
    leafAfter.counters <== nonceAfter + minSequenceAfter * (1 << COUNTERS_MIN_SEQUENCE_SHIFT());
    for (var w = 0; w < 2; w++) leafAfter.sizeWords[w] <== sizeWordsAfter[w];
    newLeaf <== leafAfter.hash;

    // 7. Published words; zero when unused.
    words[0] <== active * (1
        + account * (1 << ACCOUNT_WORD_ACCOUNT_SHIFT())
        + nonceAfter * (1 << ACCOUNT_WORD_WITHDRAWAL_NONCE_SHIFT())
        + minSequenceAfter * (1 << ACCOUNT_WORD_MIN_SEQUENCE_SHIFT())
        + (collateralAfter + (1 << COLLATERAL_MAGNITUDE_BITS())) * (1 << ACCOUNT_WORD_COLLATERAL_OFFSET_SHIFT()));
    words[1] <== active * sizeWordsAfter[0];
    words[2] <== active * sizeWordsAfter[1];
}
