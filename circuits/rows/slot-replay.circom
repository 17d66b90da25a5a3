pragma circom 2.2.2;

include "comparators.circom";
include "../lib/range.circom";
include "signed-word.circom";
include "../generated/protocol.circom";

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
