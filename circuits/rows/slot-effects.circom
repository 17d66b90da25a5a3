pragma circom 2.2.2;

include "../generated/protocol.circom";

// What a batch does to one account slot: sums over the rows, queue entries and liquidations that choose it. isFund: slot 0, whose account is the insurance
// fund's while there are liquidations (step 4 of the batch).
// rowChoice … requestChoice   {0,1}, whether it is this slot's (SignedRow, QueueEntry, LiquidationRow, Request)
// isForcedClose     {0,1} of the first liquidation row: the other rows are none
// payout            micro-USD of a forced exit, < 2^72; minSequenceDelta's part of the request is zero for other slots
// deltas            of the rows, bounded there;  fee, covered  of the liquidations, < 2^97
// Guarantees the sums; each is of at most R + W + Q + 2·L + 1 terms. Cost R·5 + W + 4·L + 2.
template SlotEffects(R, Q, W, L, isFund) {
    signal input queueChoice[Q];
    signal input registers[Q];
    signal input queueDeposits[Q];
    signal input rowChoice[R];
    signal input rowReceiver[W];
    signal input rowReceived[W];
    signal input rowIsCancelAll[R];
    signal input rowPays[W];
    signal input collateralDelta[R];
    signal input sizeWordDelta[R][2];
    signal input minSequenceDelta[R];
    signal input accountChoice[L];
    signal input counterpartyChoice[L];
    signal input accountDelta[L];
    signal input counterpartyDelta[L];
    signal input liquidationSizeWordDelta[L][2];
    signal input fee[L];
    signal input covered[L];
    signal input isForcedClose;
    signal input requestChoice;
    signal input requestMinSequence;
    signal input payout;

    signal output isNew;
    signal output deposits;
    signal output references;
    signal output rowReferences;
    signal output liquidated;
    signal output counterparty;
    signal output yielding;
    signal output collateral;
    signal output sizeWords[2];
    signal output minSequence;
    signal output cancelAlls;
    signal output payments;

    // 1. The queue, and incoming transfers.
    var newSum = 0;
    var depositSum = 0;
    var referenceSum = 0;
    for (var q = 0; q < Q; q++) {
        newSum += registers[q];
        depositSum += queueDeposits[q];
        referenceSum += queueChoice[q];
    }
    signal paymentPart[W];
    var paymentSum = 0;
    for (var i = 0; i < W; i++) {
        paymentPart[i] <== rowChoice[i] * rowPays[i];
        paymentSum += paymentPart[i];
        depositSum += rowReceived[i];
        referenceSum += rowReceiver[i];
    }

    // 2. Signed rows.
    signal collateralPart[R];
    signal sizePart[R][2];
    signal minSequencePart[R];
    signal cancelAllPart[R];
    var rowSum = 0;
    var collateralSum = 0;
    var sizeSums[2] = [0, 0];
    var minSequenceSum = 0;
    var cancelAllSum = 0;
    for (var i = 0; i < R; i++) {
        rowSum += rowChoice[i];
        collateralPart[i] <== rowChoice[i] * collateralDelta[i];
        collateralSum += collateralPart[i];
        for (var w = 0; w < 2; w++) {
            sizePart[i][w] <== rowChoice[i] * sizeWordDelta[i][w];
            sizeSums[w] += sizePart[i][w];
        }
        minSequencePart[i] <== rowChoice[i] * minSequenceDelta[i];
        minSequenceSum += minSequencePart[i];
        cancelAllPart[i] <== rowChoice[i] * rowIsCancelAll[i];
        cancelAllSum += cancelAllPart[i];
    }

    // 3. The request.
    signal payoutPart;
    payoutPart <== requestChoice * payout;
    collateralSum -= PICO_PER_MICRO() * payoutPart;
    minSequenceSum += requestMinSequence;

    // 4. Liquidations. The counterparty's sizes mirror the account's.
    signal accountPart[L];
    signal counterpartyPart[L];
    signal liquidationSizePart[L][2];
    var liquidatedSum = 0;
    var counterpartySum = 0;
    for (var k = 0; k < L; k++) {
        liquidatedSum += accountChoice[k];
        counterpartySum += counterpartyChoice[k];
        accountPart[k] <== accountChoice[k] * accountDelta[k];
        counterpartyPart[k] <== counterpartyChoice[k] * counterpartyDelta[k];
        collateralSum += accountPart[k] + counterpartyPart[k];
        for (var w = 0; w < 2; w++) {
            liquidationSizePart[k][w] <== (accountChoice[k] - counterpartyChoice[k]) * liquidationSizeWordDelta[k][w];
            sizeSums[w] += liquidationSizePart[k][w];
        }
        // Nothing else refers to the fund's slot, and a row that is not active gives and takes nothing.
        if (isFund) collateralSum += fee[k] - covered[k];
    }

    isNew <== newSum;
    deposits <== depositSum;
    references <== referenceSum + rowSum + liquidatedSum + counterpartySum + requestChoice;
    rowReferences <== rowSum;
    liquidated <== liquidatedSum;
    yielding <== counterpartyChoice[0] * isForcedClose;
    counterparty <== counterpartySum - yielding;
    collateral <== collateralSum;
    sizeWords[0] <== sizeSums[0];
    sizeWords[1] <== sizeSums[1];
    minSequence <== minSequenceSum;
    cancelAlls <== cancelAllSum;
    payments <== paymentSum;
}
