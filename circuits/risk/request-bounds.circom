pragma circom 2.2.2;

include "comparators.circom";
include "../lib/range.circom";
include "../lib/select.circom";
include "../generated/protocol.circom";

// What the outcome of a request says of the account slot X that it names (docs/protocol.md §5b, rules 1 to 3). A = account slots.
// isForcedExit, isLiquidationRequest, done, inapplicable, advanced, choice   of the request, checked there; all zero without one
// served              {0,1} a row that the request asked for closes a part of X's position (LiquidationRow says that it names X as its account)
// payout              micro-USD, prover's choice: ranged here
// below               {0,1} prover's choice: X ends below maintenance
// slot…               owner; final collateral |x| < 2^96, tv |x| < 2^97, trMaintenance < 2^95, lots = Σ |size| and unpriced = Σ of |size| in restricted markets,
//                     each at most 8·2^40; liquidated and counterparty, at most one of them 1 (AccountSlot): named by a liquidation row as the account, or otherwise
// Guarantees, for a forced exit:
//             done: X is flat, 0 ≤ its collateral < 10^6 pico-USD, and no row names it but one that the exit asked for: what another row gave it, the fund perhaps,
//             must not be paid out before that row's own rules have measured it;
//             inapplicable: TV < TR_m or a position in a restricted market, and no row names X;
//             advanced: served;
//   for a liquidation request:
//             done: TV ≥ TR_m and no position in a restricted market;  inapplicable: one;  advanced: a row names X as its account;
//   a payout only of a forced exit that is done, and its word: owner and amount, zero without an amount.
template RequestBounds(A) {
    signal input isForcedExit;
    signal input isLiquidationRequest;
    signal input done;
    signal input inapplicable;
    signal input advanced;
    signal input choice[A];
    signal input served;
    signal input payout;
    signal input below;
    signal input slotOwner[A];
    signal input slotCollateral[A];
    signal input slotTv[A];
    signal input slotTrMaintenance[A];
    signal input slotLots[A];
    signal input slotUnpriced[A];
    signal input slotLiquidated[A];
    signal input slotCounterparty[A];
    signal output payoutWord;

    // 1. What X ends as.
    component pick[7];
    for (var p = 0; p < 7; p++) {
        pick[p] = Pick(A);
        for (var j = 0; j < A; j++) pick[p].choice[j] <== choice[j];
    }
    for (var j = 0; j < A; j++) {
        pick[0].in[j] <== slotOwner[j];
        pick[1].in[j] <== slotCollateral[j];
        pick[2].in[j] <== slotTv[j] - slotTrMaintenance[j];
        pick[3].in[j] <== slotLots[j];
        pick[4].in[j] <== slotUnpriced[j];
        pick[5].in[j] <== slotLiquidated[j];
        pick[6].in[j] <== slotCounterparty[j];
    }
    var excess = pick[2].out;
    var liquidated = pick[5].out;
    var named = pick[5].out + pick[6].out;
    component priced = IsZero();
    priced.in <== pick[4].out;

    // 2. A forced exit. A row that it asked for is one that names X, so the difference is the number of others.
    signal exitDone;
    signal exitInapplicable;
    exitDone <== isForcedExit * done;
    exitInapplicable <== isForcedExit * inapplicable;
    signal exitAdvanced;
    exitAdvanced <== isForcedExit * advanced;
    exitDone * pick[3].out === 0;
    exitDone * (named - served) === 0;
    exitInapplicable * named === 0;
    exitAdvanced * (1 - served) === 0;
    below * (below - 1) === 0;
    below * (1 - exitInapplicable) === 0;
    (exitInapplicable - below) * priced.out === 0;

    // 3. A liquidation request.
    signal liquidationDone;
    signal liquidationInapplicable;
    signal liquidationAdvanced;
    liquidationDone <== isLiquidationRequest * done;
    liquidationInapplicable <== isLiquidationRequest * inapplicable;
    liquidationAdvanced <== isLiquidationRequest * advanced;
    liquidationDone * (1 - priced.out) === 0;
    liquidationInapplicable * priced.out === 0;
    liquidationAdvanced * (1 - liquidated) === 0;

    // 4. Above or below maintenance: |excess| < 2^97 + 2^95, and the two cases exclude each other.
    signal above;
    signal under;
    above <== liquidationDone * excess;
    under <== below * (-excess - 1);
    component side = InRange(98);
    side.in <== above + under;

    // 5. What is paid: down to the micro-USD. Both ends are of 20 bits; 10^6 − 1 less a negative number would be 10^6 or more, or wrap, and so would the number itself.
    component payoutRange = InRange(WITHDRAWAL_MICRO_USD_BITS());
    payoutRange.in <== payout;
    payout * (1 - exitDone) === 0;
    signal rest;
    rest <== exitDone * pick[1].out;
    component restAbove = InRange(20);
    component restBelow = InRange(20);
    restAbove.in <== rest;
    restBelow.in <== PICO_PER_MICRO() - 1 - rest;

    // 6. Its word.
    component nothing = IsZero();
    nothing.in <== payout;
    signal payee;
    payee <== (1 - nothing.out) * pick[0].out;
    payoutWord <== payee * (1 << WITHDRAWAL_WORD_OWNER_SHIFT()) + payout * (1 << WITHDRAWAL_WORD_AMOUNT_MICRO_USD_SHIFT());
}
