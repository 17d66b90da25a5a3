pragma circom 2.2.2;

include "../generated/protocol.circom";

// The vector d of docs/protocol.md §8, word by word: the header, then the sections of queue, request, withdrawals, rows, liquidations and account slots.
// Header values are within their widths (step 1 of the batch; domain, roots, heads and spending are whole words of their own); every other word
// comes packed from the template that ranges its fields. openInterest…   48 bits a market (OpenInterest)
// queuePosition 72 bits (step 1), outcomeLow, outcomeHigh {0,1} (Request): word 4 determines them
// Guarantees the order of the words. Cost 0.
template BatchWords(Q, W, R, L, A) {
    signal input domain;
    signal input oldRoot;
    signal input newRoot;
    signal input batchNumber;
    signal input epochNumber;
    signal input epochTime;
    signal input rebateCap;
    signal input queuePosition;
    signal input outcomeLow;
    signal input outcomeHigh;
    signal input journalHead;
    signal input fundingDigest;
    signal input feeDelta;
    signal input insuranceSpent;
    signal input insuranceSpentAfter;
    signal input liquidationTerms;
    signal input markets[8];
    signal input openInterestBefore[8];
    signal input openInterestAfter[8];
    signal input openInterestCap[8];
    signal input exitHaircut[8];
    signal input queueHead[Q];
    signal input queueOwner[Q];
    signal input queueAx[Q];
    signal input queueAy[Q];
    signal input requestHead;
    signal input requestAx;
    signal input requestAy;
    signal input withdrawals[W];
    signal input exitPayout;
    signal input rows[R];
    signal input liquidations[L];
    signal input accounts[A][ACCOUNT_SLOT_WORDS()];
    signal output words[HEADER_WORDS() + (Q + 1) * QUEUE_ENTRY_WORDS() + W + 1 + R + L + A * ACCOUNT_SLOT_WORDS()];

    words[WORD_DOMAIN()] <== domain;
    words[WORD_OLD_ROOT()] <== oldRoot;
    words[WORD_NEW_ROOT()] <== newRoot;
    words[WORD_EPOCH()] <== batchNumber
        + epochNumber * (1 << EPOCH_WORD_EPOCH_NUMBER_SHIFT())
        + epochTime * (1 << EPOCH_WORD_EPOCH_TIME_SECONDS_SHIFT())
        + rebateCap * (1 << EPOCH_WORD_REBATE_CAP_PPM_SHIFT());
    words[WORD_QUEUE_CURSOR()] <== queuePosition + (outcomeLow + 2 * outcomeHigh) * (1 << QUEUE_CURSOR_WORD_REQUEST_OUTCOME_SHIFT());
    words[WORD_JOURNAL_HEAD()] <== journalHead;
    words[WORD_FUNDING_DIGEST()] <== fundingDigest;
    words[WORD_FEE_DELTA()] <== feeDelta;
    words[WORD_INSURANCE_SPENT_BEFORE()] <== insuranceSpent;
    words[WORD_INSURANCE_SPENT_AFTER()] <== insuranceSpentAfter;
    words[WORD_LIQUIDATION_TERMS()] <== liquidationTerms;
    for (var m = 0; m < 8; m++) words[WORD_MARKETS() + m] <== markets[m];
    for (var w = 0; w < 2; w++) {
        var before = 0;
        var after = 0;
        var cap = 0;
        for (var m = 0; m < 4; m++) {
            var shift = 1 << (GROSS_OPEN_INTEREST_BITS() * m);
            before += openInterestBefore[4 * w + m] * shift;
            after += openInterestAfter[4 * w + m] * shift;
            cap += openInterestCap[4 * w + m] * shift;
        }
        words[WORD_GROSS_OPEN_INTEREST_BEFORE() + w] <== before;
        words[WORD_GROSS_OPEN_INTEREST_AFTER() + w] <== after;
        words[WORD_GROSS_OPEN_INTEREST_CAP() + w] <== cap;
    }
    var haircuts = 0;
    for (var m = 0; m < 8; m++) haircuts += exitHaircut[m] * (1 << (RATE_PPM_BITS() * m));
    words[WORD_EXIT_HAIRCUTS()] <== haircuts;
    var at = HEADER_WORDS();
    for (var q = 0; q < Q; q++) {
        words[at] <== queueHead[q];
        words[at + 1] <== queueOwner[q];
        words[at + 2] <== queueAx[q];
        words[at + 3] <== queueAy[q];
        at += QUEUE_ENTRY_WORDS();
    }
    // No request has an owner of its own.
    words[at] <== requestHead;
    words[at + 1] <== 0;
    words[at + 2] <== requestAx;
    words[at + 3] <== requestAy;
    at += QUEUE_ENTRY_WORDS();
    for (var i = 0; i < W; i++) words[at + i] <== withdrawals[i];
    words[at + W] <== exitPayout;
    at += W + 1;
    for (var i = 0; i < R; i++) words[at + i] <== rows[i];
    at += R;
    for (var k = 0; k < L; k++) words[at + k] <== liquidations[k];
    at += L;
    for (var j = 0; j < A; j++) {
        for (var w = 0; w < ACCOUNT_SLOT_WORDS(); w++) words[at + w] <== accounts[j][w];
        at += ACCOUNT_SLOT_WORDS();
    }
}
