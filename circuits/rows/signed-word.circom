pragma circom 2.2.2;

include "poseidon.circom";
include "bitify.circom";
include "../lib/range.circom";
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
