pragma circom 2.2.2;

include "comparators.circom";
include "../lib/range.circom";
include "../lib/select.circom";
include "../lib/merkle.circom";
include "../lib/signature.circom";
include "signed-word.circom";
include "execution.circom";
include "slot-replay.circom";
include "../generated/protocol.circom";

// One signed row (docs/protocol.md §4). A = account slots; mayPay: the position is among the tier's first W rows, where withdrawals and transfers stand.
// Everything but the market terms, the slots' fields and the registers is prover-chosen and ranged here.
// rootBefore[j], rootAfter[j]: order roots of the account slots, threaded through the rows in order.
template SignedRow(A, mayPay) {
    signal input isOrder;
    signal input isCancel;
    signal input isCancelAll;
    signal input isWithdrawal;
    signal input isTransfer;
    signal input choice[A];
    signal input receiver[A];
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
    signal output received[A];

    var BASE8_X = 5299619240641551281634865583518297030282874472190772894086521144482721001553;
    var BASE8_Y = 16950150798460657717958625567821834550301663161624707787222815936182638968203;

    // 1. Kind and account slot. A kind that this version reserves has no flag, hence no witness.
    isOrder * (isOrder - 1) === 0;
    isCancel * (isCancel - 1) === 0;
    isCancelAll * (isCancelAll - 1) === 0;
    if (mayPay) {
        isWithdrawal * (isWithdrawal - 1) === 0;
        isTransfer * (isTransfer - 1) === 0;
    } else {
        isWithdrawal === 0;
        isTransfer === 0;
    }
    component who = AtMostOne(A);
    for (var j = 0; j < A; j++) who.choice[j] <== choice[j];
    active <== who.any;
    active === isOrder + isCancel + isCancelAll + isWithdrawal + isTransfer;

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
    signedWord.kind <== isOrder * ROW_ORDER() + isCancel * ROW_CANCEL() + isCancelAll * ROW_CANCEL_ALL() + isWithdrawal * ROW_WITHDRAWAL()
        + isTransfer * ROW_TRANSFER();
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

    // 3. Time and minimum sequence. Orders, withdrawals and transfers expire; every sequence but a payment's nonce respects the account's minimum.
    component alive = InRange(TIME_SECONDS_BITS());
    alive.in <== (isOrder + isWithdrawal + isTransfer) * (expiry - epochTime);
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

    // 6. Payments: the next nonce, at least one micro-USD. A withdrawal goes to the slot's L1 owner; a transfer to the account named in the signed
    // slot and flags fields, which has the same owner.
    signal amount;
    if (mayPay) {
        component toOwner = Pick(A);
        component nonce = Pick(A);
        component whom = AtMostOne(A);
        component toAccount = Pick(A);
        component receiverOwner = Pick(A);
        for (var j = 0; j < A; j++) {
            toOwner.choice[j] <== choice[j];
            nonce.choice[j] <== choice[j];
            toOwner.in[j] <== slotOwner[j];
            nonce.in[j] <== slotNonce[j];
            whom.choice[j] <== receiver[j];
            toAccount.choice[j] <== receiver[j];
            receiverOwner.choice[j] <== receiver[j];
            toAccount.in[j] <== slotAccount[j];
            receiverOwner.in[j] <== slotOwner[j];
        }
        signal pays;
        pays <== isWithdrawal + isTransfer;
        amount <== pays * (limitPrice * (1 << QUANTITY_LOTS_BITS()) + signedQuantity);
        pays * (sequence - nonce.out) === 0;
        component some = InRange(WITHDRAWAL_MICRO_USD_BITS());
        some.in <== amount - pays;
        whom.any === isTransfer;
        var to = flags * (1 << SLOT_BITS());
        for (var b = 0; b < 12; b++) to += slot[b] * (1 << b);
        isTransfer * (toAccount.out - to) === 0;
        isTransfer * (receiverOwner.out - toOwner.out) === 0;
        for (var j = 0; j < A; j++) received[j] <== receiver[j] * amount;
        withdrawalWord <== isWithdrawal * (toOwner.out + amount * (1 << WITHDRAWAL_WORD_AMOUNT_MICRO_USD_SHIFT()));
    } else {
        amount <== 0;
        withdrawalWord <== 0;
        for (var j = 0; j < A; j++) {
            receiver[j] === 0;
            received[j] <== 0;
        }
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
