pragma circom 2.2.2;

include "comparators.circom";
include "../lib/range.circom";
include "../lib/select.circom";
include "../generated/protocol.circom";

// One entry of the L1 queue, addressed to one account slot (docs/protocol.md §6). A = account slots of the tier.
// head fields         from the contract's word; ranges make the packing unique
// owner, ax, ay       the contract's words (zero for a deposit)
// choice              {0,1}[A] prover-chosen: the account slot it goes to; none for kind 0
// slotAccount …       the slots' account, owner, key
// Guarantees: kind is none, registration or deposit (the others are requests, see Request); a used entry goes to exactly one slot, which has its account;
//             a registration's owner and key are the slot's. The words of an unused entry are what the contract wrote: its zeros.
// depositMicroUsd[j], registers[j] go to slot j.
template QueueEntry(A) {
    signal input isRegistration;
    signal input isDeposit;
    signal input account;
    signal input amountMicroUsd;
    signal input owner;
    signal input ax;
    signal input ay;
    signal input choice[A];
    signal input slotAccount[A];
    signal input slotOwner[A];
    signal input slotAx[A];
    signal input slotAy[A];
    signal output head;
    signal output deposits[A];
    signal output registers[A];

    // 1. Kind.
    isRegistration * (isRegistration - 1) === 0;
    isDeposit * (isDeposit - 1) === 0;
    component target = AtMostOne(A);
    for (var j = 0; j < A; j++) target.choice[j] <== choice[j];
    target.any === isRegistration + isDeposit;

    // 2. The head word.
    component accountRange = InRange(ACCOUNT_BITS());
    component amountRange = InRange(DEPOSIT_MICRO_USD_BITS());
    accountRange.in <== account;
    amountRange.in <== amountMicroUsd;
    head <== isRegistration * QUEUE_REGISTRATION() + isDeposit * QUEUE_DEPOSIT()
        + account * (1 << QUEUE_HEAD_ACCOUNT_SHIFT())
        + amountMicroUsd * (1 << QUEUE_HEAD_AMOUNT_MICRO_USD_SHIFT());

    // 3. The slot.
    component toAccount = Pick(A);
    component toOwner = Pick(A);
    component toAx = Pick(A);
    component toAy = Pick(A);
    for (var j = 0; j < A; j++) {
        toAccount.choice[j] <== choice[j];
        toOwner.choice[j] <== choice[j];
        toAx.choice[j] <== choice[j];
        toAy.choice[j] <== choice[j];
        toAccount.in[j] <== slotAccount[j];
        toOwner.in[j] <== slotOwner[j];
        toAx.in[j] <== slotAx[j];
        toAy.in[j] <== slotAy[j];
        deposits[j] <== choice[j] * amountMicroUsd;
        registers[j] <== choice[j] * isRegistration;
    }
    // An unused entry has no slot, so this also says account = 0 for it.
    toAccount.out === account;
    isRegistration * (toOwner.out - owner) === 0;
    isRegistration * (toAx.out - ax) === 0;
    isRegistration * (toAy.out - ay) === 0;
}
