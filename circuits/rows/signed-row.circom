pragma circom 2.2.2;

include "poseidon.circom";
include "bitify.circom";
include "comparators.circom";
include "../lib/range.circom";
include "../lib/select.circom";
include "../lib/merkle.circom";
include "../lib/signature.circom";
include "../generated/protocol.circom";

// A sequence in range, and the order number in its upper bits.
template OrderNumber() {
    signal input sequence;
    signal output orderNumber;

    component bits = Num2Bits(SEQUENCE_BITS());
    bits.in <== sequence;
    var upper = 0;
    for (var b = REVISION_BITS(); b < SEQUENCE_BITS(); b++) upper += bits.out[b] * (1 << (b - REVISION_BITS()));
    orderNumber <== upper;
}

// The signed word: its fields, their ranges, and the message hash (docs/protocol.md §3). Cost ≈ 215 + 264.
// isOrder … isWithdrawal    {0,1}, at most one; booleanity is the caller's
// Assumes account within its width: it equals an account slot's index, whose bits the tree takes (SignedRow 1, AccountTree).
// Guarantees every other field within its width, so the word determines them (fields that overlap could be traded against each other), and message = H_3(TAG_MESSAGE + kind, domain, word).
template SignedWord() {
    signal input kind;
    signal input domain;
    signal input account;
    signal input market[3];
    signal input side;
    signal input keepFilled;
    signal input flags;
    signal input slot[12];
    signal input sequence;
    signal input expiry;
    signal input maxFee;
    signal input limitPrice;
    signal input quantity;
    signal output message;
    signal output orderNumber;

    component ranges[5];
    var widths[5] = [FLAGS_BITS(), TIME_SECONDS_BITS(), MAX_FEE_BITS(), PRICE_TICKS_BITS(), QUANTITY_LOTS_BITS()];
    for (var i = 0; i < 5; i++) ranges[i] = InRange(widths[i]);
    ranges[0].in <== flags;
    ranges[1].in <== expiry;
    ranges[2].in <== maxFee;
    ranges[3].in <== limitPrice;
    ranges[4].in <== quantity;
    component number = OrderNumber();
    number.sequence <== sequence;
    orderNumber <== number.orderNumber;
    side * (side - 1) === 0;
    keepFilled * (keepFilled - 1) === 0;
    var marketNumber = 0;
    for (var b = 0; b < 3; b++) {
        market[b] * (market[b] - 1) === 0;
        marketNumber += market[b] * (1 << b);
    }
    var slotNumber = 0;
    for (var b = 0; b < 12; b++) {
        slot[b] * (slot[b] - 1) === 0;
        slotNumber += slot[b] * (1 << b);
    }

    component hash = Poseidon(3);
    hash.inputs[0] <== TAG_MESSAGE() + kind;
    hash.inputs[1] <== domain;
    hash.inputs[2] <== account * (1 << MESSAGE_ACCOUNT_SHIFT())
        + marketNumber * (1 << MESSAGE_MARKET_SHIFT())
        + side * (1 << MESSAGE_SIDE_SHIFT())
        + keepFilled * (1 << MESSAGE_KEEP_FILLED_SHIFT())
        + flags * (1 << MESSAGE_FLAGS_SHIFT())
        + slotNumber * (1 << MESSAGE_SLOT_SHIFT())
        + sequence * (1 << MESSAGE_SEQUENCE_SHIFT())
        + expiry * (1 << MESSAGE_EXPIRY_SECONDS_SHIFT())
        + maxFee * (1 << MESSAGE_MAX_FEE_SHIFT())
        + limitPrice * (1 << MESSAGE_LIMIT_PRICE_TICKS_SHIFT())
        + quantity * (1 << MESSAGE_QUANTITY_LOTS_SHIFT());
    message <== hash.out;
}

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

// Replay protection through the order slot (docs/protocol.md §4, rule 1, and cancel).
// slot word before     sequence 48, filled 40: ranges make it unique
// signedQuantity       40 bits (SignedWord): with the slack of step 3 it bounds base + quantity, so that the slot's and the published word hold it
// orderNumber          upper bits of sequence (SignedWord)
// newer                {0,1} prover's choice: sequence > the slot's; else equal
// Guarantees for an order: base + q ≤ signed quantity and after = (sequence, base + q); for a cancel: after = (sequence, 2^40 − 1);
//            otherwise after = before. A lower sequence has no witness. Cost ≈ 48 + 40 + 49 + 41 + 8.
template SlotReplay() {
    signal input isOrder;
    signal input isCancel;
    signal input keepFilled;
    signal input sequence;
    signal input orderNumber;
    signal input signedQuantity;
    signal input quantity;
    signal input sequenceBefore;
    signal input filledBefore;
    signal input newer;
    signal output wordBefore;
    signal output wordAfter;
    signal output filledAfter;

    component numberBefore = OrderNumber();
    component filledRange = InRange(QUANTITY_LOTS_BITS());
    numberBefore.sequence <== sequenceBefore;
    filledRange.in <== filledBefore;
    wordBefore <== sequenceBefore + filledBefore * (1 << SLOT_WORD_FILLED_LOTS_SHIFT());

    // 1. newer: sequence − sequenceBefore − 1 ≥ 0; else sequence = sequenceBefore. Only for orders and cancels.
    newer * (newer - 1) === 0;
    signal touches;
    touches <== isOrder + isCancel;
    signal advance;
    advance <== touches * (sequence - sequenceBefore);
    component ahead = InRange(SEQUENCE_BITS());
    ahead.in <== newer * (advance - 1);
    (1 - newer) * advance === 0;

    // 2. Filled so far: kept by the same sequence, and by a later revision of the same order that says so.
    component sameOrder = IsEqual();
    sameOrder.in[0] <== orderNumber;
    sameOrder.in[1] <== numberBefore.orderNumber;
    signal amends;
    amends <== keepFilled * sameOrder.out;
    signal fresh;
    fresh <== newer * (1 - amends);
    signal base;
    base <== filledBefore * (1 - fresh);

    // 3. Never overfilled: base + quantity ≤ signedQuantity < 2^40.
    component left = InRange(QUANTITY_LOTS_BITS());
    left.in <== isOrder * (signedQuantity - base - quantity);

    // 4. After.
    signal orderFilled;
    signal cancelFilled;
    orderFilled <== isOrder * (base + quantity - filledBefore);
    cancelFilled <== isCancel * (FILLED_CANCELLED() - filledBefore);
    filledAfter <== filledBefore + orderFilled + cancelFilled;
    wordAfter <== sequenceBefore + advance + filledAfter * (1 << SLOT_WORD_FILLED_LOTS_SHIFT());
}

// One signed row (docs/protocol.md §4). A = account slots; mayWithdraw: the position is among the tier's first W rows.
// Everything but the market terms, the slots' fields and the registers is prover-chosen and ranged here.
// rootBefore[j], rootAfter[j]: order roots of the account slots, threaded through the rows in order.
template SignedRow(A, mayWithdraw) {
    signal input isOrder;
    signal input isCancel;
    signal input isCancelAll;
    signal input isWithdrawal;
    signal input choice[A];
    signal input account;
    signal input market[3];
    signal input side;
    signal input keepFilled;
    signal input flags;
    signal input slot[12];
    signal input sequence;
    signal input expiry;
    signal input maxFee;
    signal input limitPrice;
    signal input signedQuantity;
    signal input quantity;
    signal input quote;
    signal input fee;
    signal input r8x;
    signal input r8y;
    signal input s;
    signal input sequenceBefore;
    signal input filledBefore;
    signal input newer;
    signal input orderPath[ORDER_TREE_LEVELS()][8];

    signal input domain;
    signal input epochTime;
    signal input rebateCap;
    signal input priceMin[8];
    signal input priceMax[8];

    signal input slotAccount[A];
    signal input slotAx[A];
    signal input slotAy[A];
    signal input slotOwner[A];
    signal input slotNonce[A];
    signal input slotMinSequence[A];
    signal input rootBefore[A];

    signal output active;
    signal output rootAfter[A];
    signal output word;
    signal output withdrawalWord;
    signal output poolDelta[8];
    signal output sizeWordDelta[2];
    signal output collateralDelta;
    signal output minSequenceDelta;

    var BASE8_X = 5299619240641551281634865583518297030282874472190772894086521144482721001553;
    var BASE8_Y = 16950150798460657717958625567821834550301663161624707787222815936182638968203;

    // 1. Kind and account slot. A kind that this version reserves has no flag, hence no witness.
    isOrder * (isOrder - 1) === 0;
    isCancel * (isCancel - 1) === 0;
    isCancelAll * (isCancelAll - 1) === 0;
    if (mayWithdraw) {
        isWithdrawal * (isWithdrawal - 1) === 0;
    } else {
        isWithdrawal === 0;
    }
    component who = AtMostOne(A);
    for (var j = 0; j < A; j++) who.choice[j] <== choice[j];
    active <== who.any;
    active === isOrder + isCancel + isCancelAll + isWithdrawal;

    component pick[5];
    for (var p = 0; p < 5; p++) {
        pick[p] = Pick(A);
        for (var j = 0; j < A; j++) pick[p].choice[j] <== choice[j];
    }
    for (var j = 0; j < A; j++) {
        pick[0].in[j] <== slotAccount[j];
        pick[1].in[j] <== slotAx[j];
        pick[2].in[j] <== slotAy[j];
        pick[3].in[j] <== slotMinSequence[j];
        pick[4].in[j] <== rootBefore[j];
    }
    pick[0].out === account;
    // The insurance fund never signs.
    component insurance = IsEqual();
    insurance.in[0] <== account;
    insurance.in[1] <== INSURANCE_ACCOUNT();
    active * insurance.out === 0;

    // 2. Message and signature. A padding row verifies nothing, but its key must still be a point: Base8.
    component signedWord = SignedWord();
    signedWord.kind <== isOrder * ROW_ORDER() + isCancel * ROW_CANCEL() + isCancelAll * ROW_CANCEL_ALL() + isWithdrawal * ROW_WITHDRAWAL();
    signedWord.domain <== domain;
    signedWord.account <== account;
    for (var b = 0; b < 3; b++) signedWord.market[b] <== market[b];
    signedWord.side <== side;
    signedWord.keepFilled <== keepFilled;
    signedWord.flags <== flags;
    for (var b = 0; b < 12; b++) signedWord.slot[b] <== slot[b];
    signedWord.sequence <== sequence;
    signedWord.expiry <== expiry;
    signedWord.maxFee <== maxFee;
    signedWord.limitPrice <== limitPrice;
    signedWord.quantity <== signedQuantity;

    component signature = SignatureOf();
    signature.enabled <== active;
    signature.ax <== pick[1].out + (1 - active) * BASE8_X;
    signature.ay <== pick[2].out + (1 - active) * BASE8_Y;
    signature.r8x <== r8x;
    signature.r8y <== r8y;
    signature.s <== s;
    signature.message <== signedWord.message;

    // 3. Time and minimum sequence. Orders and withdrawals expire; every sequence but a withdrawal's nonce respects the account's minimum.
    component alive = InRange(TIME_SECONDS_BITS());
    alive.in <== (isOrder + isWithdrawal) * (expiry - epochTime);
    component current = InRange(SEQUENCE_BITS());
    current.in <== (isOrder + isCancel + isCancelAll) * (sequence - pick[3].out);

    // 4. Execution, only for orders: nothing else may carry a quantity, quote or fee.
    (1 - isOrder) * quantity === 0;
    (1 - isOrder) * quote === 0;
    (1 - isOrder) * fee === 0;
    component where = OneHot8();
    for (var b = 0; b < 3; b++) where.digit[b] <== market[b];
    component bandMin = Pick(8);
    component bandMax = Pick(8);
    for (var m = 0; m < 8; m++) {
        bandMin.choice[m] <== where.out[m];
        bandMax.choice[m] <== where.out[m];
        bandMin.in[m] <== priceMin[m];
        bandMax.in[m] <== priceMax[m];
    }
    component execution = Execution();
    execution.isOrder <== isOrder;
    execution.side <== side;
    execution.quantity <== quantity;
    execution.quote <== quote;
    execution.fee <== fee;
    execution.limitPrice <== limitPrice;
    execution.maxFeePpm <== maxFee - MAX_FEE_OFFSET_PPM();
    execution.priceMin <== bandMin.out;
    execution.priceMax <== bandMax.out;
    execution.rebateCap <== rebateCap;

    // 5. Order slot.
    component replay = SlotReplay();
    replay.isOrder <== isOrder;
    replay.isCancel <== isCancel;
    replay.keepFilled <== keepFilled;
    replay.sequence <== sequence;
    replay.orderNumber <== signedWord.orderNumber;
    replay.signedQuantity <== signedQuantity;
    replay.quantity <== quantity;
    replay.sequenceBefore <== sequenceBefore;
    replay.filledBefore <== filledBefore;
    replay.newer <== newer;
    component path = PathUpdate(ORDER_TREE_LEVELS());
    for (var b = 0; b < 12; b++) path.index[b] <== slot[b];
    for (var i = 0; i < ORDER_TREE_LEVELS(); i++) for (var k = 0; k < 8; k++) path.children[i][k] <== orderPath[i][k];
    path.oldLeaf <== replay.wordBefore;
    path.newLeaf <== replay.wordAfter;
    active * (path.oldRoot - pick[4].out) === 0;
    for (var j = 0; j < A; j++) rootAfter[j] <== rootBefore[j] + choice[j] * (path.newRoot - pick[4].out);

    // 6. Withdrawal: the next nonce, at least one micro-USD, to the slot's owner.
    signal amount;
    if (mayWithdraw) {
        component toOwner = Pick(A);
        component nonce = Pick(A);
        for (var j = 0; j < A; j++) {
            toOwner.choice[j] <== choice[j];
            nonce.choice[j] <== choice[j];
            toOwner.in[j] <== slotOwner[j];
            nonce.in[j] <== slotNonce[j];
        }
        amount <== isWithdrawal * (limitPrice * (1 << QUANTITY_LOTS_BITS()) + signedQuantity);
        isWithdrawal * (sequence - nonce.out) === 0;
        component some = InRange(WITHDRAWAL_MICRO_USD_BITS());
        some.in <== amount - isWithdrawal;
        withdrawalWord <== isWithdrawal * toOwner.out + amount * (1 << WITHDRAWAL_WORD_AMOUNT_MICRO_USD_SHIFT());
    } else {
        amount <== 0;
        withdrawalWord <== 0;
    }

    // 7. Effects. side 0 buys: size + q, collateral − quote.
    signal signedQ;
    signal signedQuote;
    signedQ <== (1 - 2 * side) * quantity;
    signedQuote <== (1 - 2 * side) * quote;
    for (var m = 0; m < 8; m++) poolDelta[m] <== where.out[m] * (signedQuote + (1 << 100) * signedQ);
    for (var w = 0; w < 2; w++) {
        var lane = 0;
        for (var m = 0; m < 4; m++) lane += where.out[4 * w + m] * (1 << (SIZE_LANE_BITS() * m));
        sizeWordDelta[w] <== lane * signedQ;
    }
    collateralDelta <== -PICO_PER_MICRO() * signedQuote - fee - PICO_PER_MICRO() * amount;
    minSequenceDelta <== isCancelAll * (sequence - pick[3].out);

    // 8. The published word. Kinds without a slot publish kind, account slot and sequence only.
    var slotNumber = 0;
    for (var b = 0; b < 12; b++) slotNumber += slot[b] * (1 << b);
    var marketNumber = 0;
    for (var b = 0; b < 3; b++) marketNumber += market[b] * (1 << b);
    var accountSlot = 0;
    for (var j = 0; j < A; j++) accountSlot += choice[j] * j;
    signal publishedSlot;
    signal publishedFilled;
    signal publishedMarket;
    signal publishedSequence;
    publishedSlot <== (isOrder + isCancel) * slotNumber;
    publishedFilled <== (isOrder + isCancel) * replay.filledAfter;
    publishedMarket <== isOrder * (marketNumber + side * (1 << (ROW_WORD_SIDE_SHIFT() - ROW_WORD_MARKET_SHIFT())));
    publishedSequence <== active * sequence;
    word <== signedWord.kind
        + accountSlot * (1 << ROW_WORD_ACCOUNT_SLOT_SHIFT())
        + publishedSlot * (1 << ROW_WORD_SLOT_SHIFT())
        + publishedSequence * (1 << ROW_WORD_SEQUENCE_SHIFT())
        + publishedFilled * (1 << ROW_WORD_FILLED_AFTER_LOTS_SHIFT())
        + publishedMarket * (1 << ROW_WORD_MARKET_SHIFT())
        + quantity * (1 << ROW_WORD_QUANTITY_LOTS_SHIFT())
        + quote * (1 << ROW_WORD_QUOTE_MICRO_USD_SHIFT());
}
