pragma circom 2.2.2;

include "lib/range.circom";
include "risk/liquidation-bounds.circom";
include "risk/request-bounds.circom";
include "rows/account-slot.circom";
include "rows/liquidation-row.circom";
include "rows/liquidation-terms.circom";
include "rows/market-terms.circom";
include "rows/open-interest.circom";
include "rows/queue-entry.circom";
include "rows/request.circom";
include "rows/signed-row.circom";
include "rows/slot-effects.circom";
include "rows/store-slots.circom";
include "encoding/batch-words.circom";
include "encoding/public-data.circom";
include "generated/protocol.circom";

// The statement: "I know a batch of queue entries and signed messages which, at the terms of one epoch, moves the exchange from oldRoot to newRoot by the rules
// of docs/protocol.md, and the public data d that describes it is the one behind (commitment, z, y)."
//
// R signed rows, A account slots, Q registrations and deposits beside one request, W withdrawals, L liquidations, registerLevels of the account tree kept as registers.
// Public: commitment, z, y. Every other input is chosen by the prover; those that the contract writes into d are fixed by the binding in step 10.
template Batch(tier, R, A, Q, W, L, registerLevels) {
    signal input commitment, z, y;

    // Header.
    signal input domain, oldRoot, newRoot, batchNumber, epochNumber, epochTime, rebateCap, queuePosition, journalHead, fundingDigest, insuranceSpent;
    signal input price[8], imf[8], mmf[8], priceMin[8], priceMax[8], fundingIndexOffset[8];
    signal input restricted[8], retired[8], isolatedOnly[8], positionCap[8], exitHaircut[8];
    signal input liquidationFeeCap, liquidationSpread, bankruptcyAdjustment, insuranceCap, openInterestBefore[8], openInterestCap[8], withinCap[8];

    // Queue.
    signal input queueIsRegistration[Q], queueIsDeposit[Q], queueAccount[Q], queueAmount[Q], queueOwner[Q], queueAx[Q], queueAy[Q], queueChoice[Q][A];

    // The request.
    signal input requestIsForcedExit, requestIsKeyRotation, requestIsLiquidation, requestIsCancelAll;
    signal input requestAccount, requestMinSequence, requestAx, requestAy, outcomeLow, outcomeHigh, requestChoice[A];
    signal input requestRaises, requestBelow, requestPayout;

    // Rows.
    signal input rowIsOrder[R], rowIsCancel[R], rowIsCancelAll[R], rowIsWithdrawal[R], rowIsTransfer[R], rowChoice[R][A], rowReceiver[W][A];
    signal input rowAccount[R], rowMarket[R][3], rowSide[R], rowKeepFilled[R], rowFlags[R], rowSlot[R][12], rowSequence[R], rowExpiry[R];
    signal input rowMaxFee[R], rowLimitPrice[R], rowSignedQuantity[R], rowQuantity[R], rowQuote[R], rowFee[R], rowR8x[R], rowR8y[R], rowS[R];
    signal input rowSequenceBefore[R], rowFilledBefore[R], rowNewer[R], rowOrderPath[R][ORDER_TREE_LEVELS()][8];

    // Liquidations.
    signal input liquidationIsLiquidation[L], liquidationIsDeleveraging[L], isExitFill, isForcedClose, counterpartyExempt, liquidationAccount[L][A];
    signal input liquidationCounterparty[L][A], liquidationMarket[L][3], liquidationSide[L];
    signal input liquidationQuantity[L], liquidationQuote[L], liquidationFee[L], liquidationPayout[L], liquidationCovered[L];
    signal input liquidationPays[L], liquidationCapped[L];

    // Account slots.
    signal input slotActive[A], slotAccount[A], slotOwner[A], slotAx[A], slotAy[A], slotCollateral[A], slotOrderRoot[A];
    signal input slotWithdrawalNonce[A], slotMinSequence[A], slotLane[A][8], slotLaneAfter[A][8], slotHealthy[A], slotGrows[A][8];
    signal input slotPath[A][ACCOUNT_TREE_LEVELS()][8], subRoots[registerLevels == 0 ? 1 : 64];

    // 1. The epoch's terms.
    component batchRange = InRange(BATCH_NUMBER_BITS());
    component epochRange = InRange(EPOCH_NUMBER_BITS());
    component timeRange = InRange(TIME_SECONDS_BITS());
    component rebateRange = InRange(RATE_PPM_BITS());
    batchRange.in <== batchNumber;
    epochRange.in <== epochNumber;
    timeRange.in <== epochTime;
    rebateRange.in <== rebateCap;
    // Cursor and count are the contract's business; the outcome stands above them.
    component positionRange = InRange(QUEUE_CURSOR_BITS() + QUEUE_COUNT_BITS());
    positionRange.in <== queuePosition;
    component terms[8];
    for (var m = 0; m < 8; m++) {
        terms[m] = MarketTerms();
        terms[m].price <== price[m]; terms[m].imf <== imf[m]; terms[m].mmf <== mmf[m]; terms[m].priceMin <== priceMin[m];
        terms[m].priceMax <== priceMax[m]; terms[m].fundingIndexOffset <== fundingIndexOffset[m]; terms[m].restricted <== restricted[m];
        terms[m].retired <== retired[m]; terms[m].isolatedOnly <== isolatedOnly[m]; terms[m].positionCap <== positionCap[m];
        terms[m].exitHaircut <== exitHaircut[m];
    }
    component liquidationTerms = LiquidationTerms();
    liquidationTerms.feeCap <== liquidationFeeCap; liquidationTerms.spread <== liquidationSpread;
    liquidationTerms.bankruptcyAdjustment <== bankruptcyAdjustment; liquidationTerms.insuranceCap <== insuranceCap;

    // 2. Queue entries, each to its account slot, and the request behind them.
    component entry[Q];
    for (var q = 0; q < Q; q++) {
        entry[q] = QueueEntry(A);
        entry[q].isRegistration <== queueIsRegistration[q]; entry[q].isDeposit <== queueIsDeposit[q]; entry[q].account <== queueAccount[q];
        entry[q].amountMicroUsd <== queueAmount[q]; entry[q].owner <== queueOwner[q]; entry[q].ax <== queueAx[q]; entry[q].ay <== queueAy[q];
        entry[q].choice <== queueChoice[q]; entry[q].slotAccount <== slotAccount; entry[q].slotOwner <== slotOwner; entry[q].slotAx <== slotAx;
        entry[q].slotAy <== slotAy;
    }
    component request = Request(A);
    request.isForcedExit <== requestIsForcedExit; request.isKeyRotation <== requestIsKeyRotation;
    request.isLiquidationRequest <== requestIsLiquidation; request.isCancelAll <== requestIsCancelAll; request.account <== requestAccount;
    request.minSequence <== requestMinSequence; request.ax <== requestAx; request.ay <== requestAy; request.outcomeLow <== outcomeLow;
    request.outcomeHigh <== outcomeHigh; request.choice <== requestChoice; request.raises <== requestRaises; request.slotAccount <== slotAccount;
    request.slotAx <== slotAx; request.slotAy <== slotAy; request.slotMinSequence <== slotMinSequence;

    // 3. Rows, in order, each on its account slot; the order roots are threaded through them.
    component row[R];
    for (var i = 0; i < R; i++) {
        row[i] = SignedRow(A, i < W ? 1 : 0);
        row[i].isOrder <== rowIsOrder[i];
        row[i].isCancel <== rowIsCancel[i];
        row[i].isCancelAll <== rowIsCancelAll[i];
        row[i].isWithdrawal <== rowIsWithdrawal[i];
        row[i].isTransfer <== rowIsTransfer[i];
        row[i].account <== rowAccount[i];
        row[i].market <== rowMarket[i];
        row[i].side <== rowSide[i];
        row[i].keepFilled <== rowKeepFilled[i];
        row[i].flags <== rowFlags[i];
        row[i].slot <== rowSlot[i];
        row[i].sequence <== rowSequence[i];
        row[i].expiry <== rowExpiry[i];
        row[i].maxFee <== rowMaxFee[i];
        row[i].limitPrice <== rowLimitPrice[i];
        row[i].signedQuantity <== rowSignedQuantity[i];
        row[i].quantity <== rowQuantity[i];
        row[i].quote <== rowQuote[i];
        row[i].fee <== rowFee[i];
        row[i].r8x <== rowR8x[i];
        row[i].r8y <== rowR8y[i];
        row[i].s <== rowS[i];
        row[i].sequenceBefore <== rowSequenceBefore[i];
        row[i].filledBefore <== rowFilledBefore[i];
        row[i].newer <== rowNewer[i];
        row[i].orderPath <== rowOrderPath[i];
        row[i].domain <== domain;
        row[i].epochTime <== epochTime;
        row[i].rebateCap <== rebateCap;
        row[i].priceMin <== priceMin;
        row[i].priceMax <== priceMax;
        row[i].choice <== rowChoice[i];
        row[i].slotAccount <== slotAccount;
        row[i].slotAx <== slotAx;
        row[i].slotAy <== slotAy;
        row[i].slotOwner <== slotOwner;
        row[i].slotNonce <== slotWithdrawalNonce;
        row[i].slotMinSequence <== slotMinSequence;
        for (var j = 0; j < A; j++) {
            if (i < W) {
                row[i].receiver[j] <== rowReceiver[i][j];
            } else {
                row[i].receiver[j] <== 0;
            }
            row[i].rootBefore[j] <== i == 0 ? slotOrderRoot[j] : row[i - 1].rootAfter[j];
        }
        if (i > 0) row[i].active * (1 - row[i - 1].active) === 0;
    }

    // 4. Liquidations, in order; the first may serve the request. Slot 0 is the fund's while there are any. What bounds them is step 7, where the slots' values are known.
    component liquidation[L];
    for (var k = 0; k < L; k++) {
        liquidation[k] = LiquidationRow(A);
        liquidation[k].isLiquidation <== liquidationIsLiquidation[k];
        liquidation[k].isDeleveraging <== liquidationIsDeleveraging[k];
        liquidation[k].isExitFill <== k == 0 ? isExitFill : 0;
        liquidation[k].isForcedClose <== k == 0 ? isForcedClose : 0;
        for (var j = 0; j < A; j++) liquidation[k].request[j] <== k == 0 ? requestChoice[j] : 0;
        liquidation[k].account <== liquidationAccount[k];
        liquidation[k].counterparty <== liquidationCounterparty[k];
        liquidation[k].market <== liquidationMarket[k];
        liquidation[k].side <== liquidationSide[k];
        liquidation[k].quantity <== liquidationQuantity[k];
        liquidation[k].quote <== liquidationQuote[k];
        liquidation[k].fee <== liquidationFee[k];
        liquidation[k].payout <== liquidationPayout[k];
        liquidation[k].covered <== liquidationCovered[k];
        liquidation[k].price <== price;
        liquidation[k].priceMin <== priceMin;
        liquidation[k].priceMax <== priceMax;
        liquidation[k].haircut <== exitHaircut;
        for (var m = 0; m < 8; m++) liquidation[k].priceMmf[m] <== terms[m].priceMmf;
        if (k > 0) liquidation[k].active * (1 - liquidation[k - 1].active) === 0;
    }
    liquidation[0].active * (1 - slotActive[0]) === 0;
    liquidation[0].active * (slotAccount[0] - INSURANCE_ACCOUNT()) === 0;

    // 5. The pool is conserved: per market signed quotes and quantities sum to zero, both at once as quote + 2^100·quantity with |Σ quote| ≤ 64·2^72 = 2^78 and
    // |Σ quantity| ≤ 2^46. What was paid in fees is the fee delta, never negative; what goes to or comes from the fund is no part of it.
    var feeSum = 0;
    for (var i = 0; i < R; i++) feeSum += rowFee[i];
    for (var m = 0; m < 8; m++) {
        var pool = 0;
        for (var i = 0; i < R; i++) pool += row[i].poolDelta[m];
        for (var k = 0; k < L; k++) pool += liquidation[k].poolDelta[m];
        pool === 0;
    }
    component feeRange = InRange(FEE_DELTA_BITS());
    feeRange.in <== feeSum;

    // 6. Account slots, each with what the batch does to it. A forced close's counterparty is exempt from its own ratio while a silent market makes it unknown.
    signal exempt[A];
    component effects[A];
    component account[A];
    for (var j = 0; j < A; j++) {
        effects[j] = SlotEffects(R, Q, W, L, j == 0 ? 1 : 0);
        for (var q = 0; q < Q; q++) {
            effects[j].queueChoice[q] <== queueChoice[q][j];
            effects[j].registers[q] <== entry[q].registers[j];
            effects[j].queueDeposits[q] <== entry[q].deposits[j];
        }
        for (var i = 0; i < R; i++) {
            effects[j].rowChoice[i] <== rowChoice[i][j];
            effects[j].collateralDelta[i] <== row[i].collateralDelta;
            effects[j].sizeWordDelta[i] <== row[i].sizeWordDelta;
            effects[j].minSequenceDelta[i] <== row[i].minSequenceDelta;
        }
        effects[j].rowIsCancelAll <== rowIsCancelAll;
        for (var i = 0; i < W; i++) {
            effects[j].rowReceiver[i] <== rowReceiver[i][j];
            effects[j].rowReceived[i] <== row[i].received[j];
            effects[j].rowPays[i] <== rowIsWithdrawal[i] + rowIsTransfer[i];
        }
        for (var k = 0; k < L; k++) {
            effects[j].accountChoice[k] <== liquidationAccount[k][j];
            effects[j].counterpartyChoice[k] <== liquidationCounterparty[k][j];
            effects[j].accountDelta[k] <== liquidation[k].collateralDelta;
            effects[j].counterpartyDelta[k] <== liquidation[k].counterpartyCollateralDelta;
            effects[j].liquidationSizeWordDelta[k] <== liquidation[k].sizeWordDelta;
        }
        effects[j].fee <== liquidationFee;
        effects[j].covered <== liquidationCovered;
        effects[j].isForcedClose <== isForcedClose;
        effects[j].requestChoice <== requestChoice[j];
        effects[j].requestMinSequence <== request.minSequenceDelta[j];
        effects[j].payout <== requestPayout;
        exempt[j] <== effects[j].yielding * counterpartyExempt;

        account[j] = AccountSlot();
        account[j].active <== slotActive[j];
        account[j].account <== slotAccount[j];
        account[j].owner <== slotOwner[j];
        account[j].ax <== slotAx[j];
        account[j].ay <== slotAy[j];
        account[j].collateral <== slotCollateral[j];
        account[j].orderRoot <== slotOrderRoot[j];
        account[j].withdrawalNonce <== slotWithdrawalNonce[j];
        account[j].minSequence <== slotMinSequence[j];
        account[j].lane <== slotLane[j];
        account[j].lanesAfter <== slotLaneAfter[j];
        account[j].healthy <== slotHealthy[j];
        account[j].grows <== slotGrows[j];
        account[j].price <== price;
        account[j].restricted <== restricted;
        account[j].retired <== retired;
        account[j].isolatedOnly <== isolatedOnly;
        account[j].positionCap <== positionCap;
        for (var m = 0; m < 8; m++) {
            account[j].priceImf[m] <== terms[m].priceImf;
            account[j].priceMmf[m] <== terms[m].priceMmf;
            account[j].epochFundingIndex[m] <== terms[m].fundingIndex;
        }
        account[j].isNew <== effects[j].isNew;
        account[j].deposits <== effects[j].deposits;
        account[j].references <== effects[j].references;
        account[j].rowReferences <== effects[j].rowReferences;
        account[j].liquidated <== effects[j].liquidated;
        account[j].counterparty <== effects[j].counterparty;
        account[j].yielding <== effects[j].yielding;
        account[j].exempt <== exempt[j];
        account[j].requested <== requestChoice[j];
        account[j].axDelta <== request.axDelta[j];
        account[j].ayDelta <== request.ayDelta[j];
        account[j].collateralDelta <== effects[j].collateral;
        account[j].sizeWordDelta <== effects[j].sizeWords;
        account[j].minSequenceDelta <== effects[j].minSequence;
        account[j].cancelAlls <== effects[j].cancelAlls;
        account[j].payments <== effects[j].payments;
        account[j].orderRootAfter <== row[R - 1].rootAfter[j];
    }
    component silent = Pick(A);
    for (var j = 0; j < A; j++) {
        silent.choice[j] <== effects[j].yielding;
        silent.in[j] <== account[j].unpriced0;
    }
    component priced = IsZero();
    priced.in <== silent.out;
    counterpartyExempt * (counterpartyExempt - 1) === 0;
    counterpartyExempt * priced.out === 0;

    // 7. What bounds the liquidations, and what the request's outcome says. What is left of the fund (its S₀, where there is a liquidation) and of the epoch's cap is threaded through them.
    signal fundStart;
    fundStart <== liquidation[0].active * account[0].collateral0;
    component bounds[L];
    for (var k = 0; k < L; k++) {
        bounds[k] = LiquidationBounds(A);
        bounds[k].isLiquidation <== liquidationIsLiquidation[k];
        bounds[k].isDeleveraging <== liquidationIsDeleveraging[k];
        bounds[k].isExitFill <== k == 0 ? isExitFill : 0;
        bounds[k].isForcedClose <== k == 0 ? isForcedClose : 0;
        bounds[k].isForcedExit <== k == 0 ? requestIsForcedExit : 0;
        bounds[k].isLiquidationRequest <== k == 0 ? requestIsLiquidation : 0;
        bounds[k].haircut <== liquidation[k].marketHaircut;
        bounds[k].account <== liquidationAccount[k];
        for (var j = 0; j < A; j++) {
            bounds[k].slotTv0[j] <== account[j].tv0;
            bounds[k].slotTrMaintenance0[j] <== account[j].trMaintenance0;
            bounds[k].slotTv[j] <== account[j].tv;
            bounds[k].slotTrMaintenance[j] <== account[j].trMaintenance;
            bounds[k].slotMaintenanceProduct[j] <== account[j].maintenanceProduct;
            bounds[k].slotMaintenanceProduct0[j] <== account[j].maintenanceProduct0;
        }
        bounds[k].side <== liquidationSide[k];
        bounds[k].quantity <== liquidationQuantity[k];
        bounds[k].quote <== liquidationQuote[k];
        bounds[k].fee <== liquidationFee[k];
        bounds[k].payout <== liquidationPayout[k];
        bounds[k].covered <== liquidationCovered[k];
        bounds[k].indexQuote <== liquidation[k].indexQuote;
        bounds[k].maintenance <== liquidation[k].maintenance;
        bounds[k].pays <== liquidationPays[k];
        bounds[k].capped <== liquidationCapped[k];
        bounds[k].feeCap <== liquidationFeeCap;
        bounds[k].spread <== liquidationSpread;
        bounds[k].bankruptcyAdjustment <== bankruptcyAdjustment;
        bounds[k].capLeft <== k == 0 ? PICO_PER_MICRO() * insuranceCap - insuranceSpent : bounds[k - 1].capLeftAfter;
        bounds[k].fund <== k == 0 ? fundStart : bounds[k - 1].fundAfter;
    }
    component outcome = RequestBounds(A);
    outcome.isForcedExit <== requestIsForcedExit; outcome.isLiquidationRequest <== requestIsLiquidation; outcome.done <== request.done;
    outcome.inapplicable <== request.inapplicable; outcome.advanced <== request.advanced; outcome.choice <== requestChoice;
    outcome.served <== isExitFill + isForcedClose; outcome.payout <== requestPayout; outcome.below <== requestBelow; outcome.slotOwner <== slotOwner;
    for (var j = 0; j < A; j++) {
        outcome.slotCollateral[j] <== account[j].collateralAfter; outcome.slotTv[j] <== account[j].tv;
        outcome.slotTrMaintenance[j] <== account[j].trMaintenance; outcome.slotLots[j] <== account[j].lots;
        outcome.slotUnpriced[j] <== account[j].unpriced; outcome.slotLiquidated[j] <== effects[j].liquidated;
        outcome.slotCounterparty[j] <== effects[j].counterparty + effects[j].yielding;
    }

    // 8. Open interest.
    component interest[8];
    for (var m = 0; m < 8; m++) {
        var change = 0;
        for (var j = 0; j < A; j++) change += account[j].magnitudeChange[m];
        interest[m] = OpenInterest();
        interest[m].before <== openInterestBefore[m];
        interest[m].cap <== openInterestCap[m];
        interest[m].withinCap <== withinCap[m];
        interest[m].change <== change;
    }

    // 9. Store the slots.
    component store = StoreSlots(A, registerLevels);
    store.oldRoot <== oldRoot;
    store.subRoots <== subRoots;
    store.active <== slotActive;
    store.account <== slotAccount;
    store.path <== slotPath;
    for (var j = 0; j < A; j++) {
        store.oldLeaf[j] <== account[j].oldLeaf;
        store.newLeaf[j] <== account[j].newLeaf;
    }
    store.newRoot === newRoot;

    // 10. The public data, word by word (docs/protocol.md §8), bound to the three public inputs.
    component vector = BatchWords(Q, W, R, L, A);
    vector.domain <== domain;
    vector.oldRoot <== oldRoot;
    vector.newRoot <== newRoot;
    vector.batchNumber <== batchNumber;
    vector.epochNumber <== epochNumber;
    vector.epochTime <== epochTime;
    vector.rebateCap <== rebateCap;
    vector.queuePosition <== queuePosition;
    vector.outcomeLow <== outcomeLow;
    vector.outcomeHigh <== outcomeHigh;
    vector.journalHead <== journalHead;
    vector.fundingDigest <== fundingDigest;
    vector.feeDelta <== feeSum;
    vector.insuranceSpent <== insuranceSpent;
    vector.insuranceSpentAfter <== PICO_PER_MICRO() * insuranceCap - bounds[L - 1].capLeftAfter;
    vector.liquidationTerms <== liquidationTerms.word;
    vector.openInterestBefore <== openInterestBefore;
    vector.openInterestCap <== openInterestCap;
    vector.exitHaircut <== exitHaircut;
    for (var m = 0; m < 8; m++) {
        vector.markets[m] <== terms[m].word;
        vector.openInterestAfter[m] <== interest[m].after;
    }
    vector.queueOwner <== queueOwner;
    vector.queueAx <== queueAx;
    vector.queueAy <== queueAy;
    for (var q = 0; q < Q; q++) vector.queueHead[q] <== entry[q].head;
    vector.requestHead <== request.head;
    vector.requestAx <== requestAx;
    vector.requestAy <== requestAy;
    for (var i = 0; i < W; i++) vector.withdrawals[i] <== row[i].withdrawalWord;
    vector.exitPayout <== outcome.payoutWord;
    for (var i = 0; i < R; i++) vector.rows[i] <== row[i].word;
    for (var k = 0; k < L; k++) vector.liquidations[k] <== liquidation[k].word;
    for (var j = 0; j < A; j++) vector.accounts[j] <== account[j].words;
    var n = HEADER_WORDS() + (Q + 1) * QUEUE_ENTRY_WORDS() + W + 1 + R + L + A * ACCOUNT_SLOT_WORDS();
    component data = PublicData(tier, n);
    data.z <== z;
    data.words <== vector.words;
    data.commitment === commitment;
    data.y === y;
}
