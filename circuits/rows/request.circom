pragma circom 2.2.2;

include "comparators.circom";
include "../lib/range.circom";
include "../lib/select.circom";
include "../generated/protocol.circom";

// The request that the batch serves, if it serves one: the entry of the queue behind the registrations and deposits (docs/protocol.md §5b). A = account slots.
// isForcedExit … isCancelAll   {0,1}, at most one: the entry's kind; none without a request
// account 18, minSequence 48 bits   the other fields of the head: the ranges make the packing unique
// ax, ay              the contract's words: a rotation's new key, zero otherwise (the word of the owner is zero in every request: BatchWords)
// outcomeLow, outcomeHigh      {0,1}: the two bits of word 4
// choice              {0,1}[A] prover's choice: the slot X that the request names
// slotAccount …       the slots' account, key and minimum sequence before the batch
// raises              {0,1} prover's choice: the requested minimum is above the slot's
// Guarantees: a request has an outcome and only a request has one; rotations and cancel-alls are done; X has the request's account, which is not the insurance
//             fund's; minSequenceDelta lifts X's minimum to the larger of both, keyDelta puts the new key in the old one's place; both are zero for other slots.
template Request(A) {
    signal input isForcedExit;
    signal input isKeyRotation;
    signal input isLiquidationRequest;
    signal input isCancelAll;
    signal input account;
    signal input minSequence;
    signal input ax;
    signal input ay;
    signal input outcomeLow;
    signal input outcomeHigh;
    signal input choice[A];
    signal input raises;
    signal input slotAccount[A];
    signal input slotAx[A];
    signal input slotAy[A];
    signal input slotMinSequence[A];
    signal output head;
    signal output done;
    signal output inapplicable;
    signal output advanced;
    signal output minSequenceDelta[A];
    signal output axDelta[A];
    signal output ayDelta[A];

    // 1. Kind and outcome.
    isForcedExit * (isForcedExit - 1) === 0;
    isKeyRotation * (isKeyRotation - 1) === 0;
    isLiquidationRequest * (isLiquidationRequest - 1) === 0;
    isCancelAll * (isCancelAll - 1) === 0;
    component target = AtMostOne(A);
    for (var j = 0; j < A; j++) target.choice[j] <== choice[j];
    target.any === isForcedExit + isKeyRotation + isLiquidationRequest + isCancelAll;
    outcomeLow * (outcomeLow - 1) === 0;
    outcomeHigh * (outcomeHigh - 1) === 0;
    advanced <== outcomeLow * outcomeHigh;
    done <== outcomeLow - advanced;
    inapplicable <== outcomeHigh - advanced;
    done + inapplicable + advanced === target.any;
    (isKeyRotation + isCancelAll) * (1 - done) === 0;

    // 2. The head word.
    component accountRange = InRange(ACCOUNT_BITS());
    component sequenceRange = InRange(SEQUENCE_BITS());
    accountRange.in <== account;
    sequenceRange.in <== minSequence;
    head <== isForcedExit * QUEUE_FORCED_EXIT() + isKeyRotation * QUEUE_KEY_ROTATION()
        + isLiquidationRequest * QUEUE_LIQUIDATION_REQUEST() + isCancelAll * QUEUE_CANCEL_ALL()
        + account * (1 << QUEUE_HEAD_ACCOUNT_SHIFT())
        + minSequence * (1 << QUEUE_HEAD_AMOUNT_MICRO_USD_SHIFT());

    // 3. The slot. Without a request none is chosen, so this also says account = 0. The insurance fund's number is 0: only a request has another.
    component toAccount = Pick(A);
    component toMinSequence = Pick(A);
    for (var j = 0; j < A; j++) {
        toAccount.choice[j] <== choice[j];
        toAccount.in[j] <== slotAccount[j];
        toMinSequence.choice[j] <== choice[j];
        toMinSequence.in[j] <== slotMinSequence[j];
    }
    toAccount.out === account;
    component isFund = IsZero();
    isFund.in <== account - INSURANCE_ACCOUNT();
    isFund.out === 1 - target.any;

    // 4. The minimum sequence: both are of 48 bits, so a difference of the wrong sign has no 48-bit form. A liquidation request changes none.
    raises * (raises - 1) === 0;
    raises * (1 - isForcedExit - isKeyRotation - isCancelAll) === 0;
    signal ahead;
    ahead <== (isForcedExit + isKeyRotation + isCancelAll) * (minSequence - toMinSequence.out);
    component order = InRange(SEQUENCE_BITS());
    order.in <== (2 * raises - 1) * ahead;
    signal lift;
    lift <== raises * ahead;
    for (var j = 0; j < A; j++) minSequenceDelta[j] <== choice[j] * lift;

    // 5. The key.
    signal rotates[A];
    for (var j = 0; j < A; j++) {
        rotates[j] <== choice[j] * isKeyRotation;
        axDelta[j] <== rotates[j] * (ax - slotAx[j]);
        ayDelta[j] <== rotates[j] * (ay - slotAy[j]);
    }
}
