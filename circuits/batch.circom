pragma circom 2.2.2;

include "lib/range.circom";
include "risk/liquidation-bounds.circom";
include "rows/account-slot.circom";
include "rows/account-tree.circom";
include "rows/liquidation-row.circom";
include "rows/liquidation-terms.circom";
include "rows/market-terms.circom";
include "rows/open-interest.circom";
include "rows/queue-entry.circom";
include "rows/signed-row.circom";
include "encoding/public-data.circom";
include "generated/protocol.circom";

// The statement: "I know a batch of queue entries and signed messages which, at the terms of one epoch, moves the exchange from oldRoot to newRoot by the rules
// of docs/protocol.md, and the public data d that describes it is the one behind (commitment, z, y)."
//
// R signed rows, A account slots, Q queue entries, W withdrawals, L liquidations, registerLevels of the account tree kept as registers.
// Public: commitment, z, y. Every other input is chosen by the prover; those that the contract writes into d are fixed by the binding in step 10.
template Batch(tier, R, A, Q, W, L, registerLevels) {
    signal input commitment;
    signal input z;
    signal input y;

    // Header.
    signal input domain;
    signal input oldRoot;
    signal input newRoot;
    signal input batchNumber;
    signal input epochNumber;
    signal input epochTime;
    signal input rebateCap;
    signal input queueCursorWord;
    signal input journalHead;
    signal input fundingDigest;
    signal input insuranceSpent;
    signal input price[8];
    signal input imf[8];
    signal input mmf[8];
    signal input priceMin[8];
    signal input priceMax[8];
    signal input fundingIndexOffset[8];
    signal input restricted[8];
    signal input retired[8];
    signal input isolatedOnly[8];
    signal input positionCap[8];
    signal input liquidationFeeCap;
    signal input liquidationSpread;
    signal input bankruptcyAdjustment;
    signal input insuranceCap;
    signal input openInterestBefore[8];
    signal input openInterestCap[8];
    signal input withinCap[8];

    // Queue.
    signal input queueIsRegistration[Q];
    signal input queueIsDeposit[Q];
    signal input queueAccount[Q];
    signal input queueAmount[Q];
    signal input queueOwner[Q];
    signal input queueAx[Q];
    signal input queueAy[Q];
    signal input queueChoice[Q][A];

    // Rows.
    signal input rowIsOrder[R];
    signal input rowIsCancel[R];
    signal input rowIsCancelAll[R];
    signal input rowIsWithdrawal[R];
    signal input rowIsTransfer[R];
    signal input rowChoice[R][A];
    signal input rowReceiver[W][A];
    signal input rowAccount[R];
    signal input rowMarket[R][3];
    signal input rowSide[R];
    signal input rowKeepFilled[R];
    signal input rowFlags[R];
    signal input rowSlot[R][12];
    signal input rowSequence[R];
    signal input rowExpiry[R];
    signal input rowMaxFee[R];
    signal input rowLimitPrice[R];
    signal input rowSignedQuantity[R];
    signal input rowQuantity[R];
    signal input rowQuote[R];
    signal input rowFee[R];
    signal input rowR8x[R];
    signal input rowR8y[R];
    signal input rowS[R];
    signal input rowSequenceBefore[R];
    signal input rowFilledBefore[R];
    signal input rowNewer[R];
    signal input rowOrderPath[R][ORDER_TREE_LEVELS()][8];

    // Liquidations.
    signal input liquidationIsLiquidation[L];
    signal input liquidationIsDeleveraging[L];
    signal input liquidationAccount[L][A];
    signal input liquidationCounterparty[L][A];
    signal input liquidationMarket[L][3];
    signal input liquidationSide[L];
    signal input liquidationQuantity[L];
    signal input liquidationQuote[L];
    signal input liquidationFee[L];
    signal input liquidationPayout[L];
    signal input liquidationCovered[L];
    signal input liquidationPays[L];
    signal input liquidationCapped[L];

    // Account slots.
    signal input slotActive[A];
    signal input slotAccount[A];
    signal input slotOwner[A];
    signal input slotAx[A];
    signal input slotAy[A];
    signal input slotCollateral[A];
    signal input slotOrderRoot[A];
    signal input slotWithdrawalNonce[A];
    signal input slotMinSequence[A];
    signal input slotLane[A][8];
    signal input slotLaneAfter[A][8];
    signal input slotHealthy[A];
    signal input slotGrows[A][8];
    signal input slotPath[A][ACCOUNT_TREE_LEVELS()][8];
    signal input subRoots[registerLevels == 0 ? 1 : 64];

    // 1. The epoch's terms.
    component batchRange = InRange(BATCH_NUMBER_BITS());
    component epochRange = InRange(EPOCH_NUMBER_BITS());
    component timeRange = InRange(TIME_SECONDS_BITS());
    component rebateRange = InRange(RATE_PPM_BITS());
    batchRange.in <== batchNumber;
    epochRange.in <== epochNumber;
    timeRange.in <== epochTime;
    rebateRange.in <== rebateCap;
    component terms[8];
    for (var m = 0; m < 8; m++) {
        terms[m] = MarketTerms();
        terms[m].price <== price[m];
        terms[m].imf <== imf[m];
        terms[m].mmf <== mmf[m];
        terms[m].priceMin <== priceMin[m];
        terms[m].priceMax <== priceMax[m];
        terms[m].fundingIndexOffset <== fundingIndexOffset[m];
        terms[m].restricted <== restricted[m];
        terms[m].retired <== retired[m];
        terms[m].isolatedOnly <== isolatedOnly[m];
        terms[m].positionCap <== positionCap[m];
    }
    component liquidationTerms = LiquidationTerms();
    liquidationTerms.feeCap <== liquidationFeeCap;
    liquidationTerms.spread <== liquidationSpread;
    liquidationTerms.bankruptcyAdjustment <== bankruptcyAdjustment;
    liquidationTerms.insuranceCap <== insuranceCap;

    // 2. Queue entries, each to its account slot.
    component entry[Q];
    for (var q = 0; q < Q; q++) {
        entry[q] = QueueEntry(A);
        entry[q].isRegistration <== queueIsRegistration[q];
        entry[q].isDeposit <== queueIsDeposit[q];
        entry[q].account <== queueAccount[q];
        entry[q].amountMicroUsd <== queueAmount[q];
        entry[q].owner <== queueOwner[q];
        entry[q].ax <== queueAx[q];
        entry[q].ay <== queueAy[q];
        for (var j = 0; j < A; j++) {
            entry[q].choice[j] <== queueChoice[q][j];
            entry[q].slotAccount[j] <== slotAccount[j];
            entry[q].slotOwner[j] <== slotOwner[j];
            entry[q].slotAx[j] <== slotAx[j];
            entry[q].slotAy[j] <== slotAy[j];
        }
    }

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
        for (var b = 0; b < 3; b++) row[i].market[b] <== rowMarket[i][b];
        row[i].side <== rowSide[i];
        row[i].keepFilled <== rowKeepFilled[i];
        row[i].flags <== rowFlags[i];
        for (var b = 0; b < 12; b++) row[i].slot[b] <== rowSlot[i][b];
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
        for (var l = 0; l < ORDER_TREE_LEVELS(); l++) for (var k = 0; k < 8; k++) row[i].orderPath[l][k] <== rowOrderPath[i][l][k];
        row[i].domain <== domain;
        row[i].epochTime <== epochTime;
        row[i].rebateCap <== rebateCap;
        for (var m = 0; m < 8; m++) {
            row[i].priceMin[m] <== priceMin[m];
            row[i].priceMax[m] <== priceMax[m];
        }
        for (var j = 0; j < A; j++) {
            row[i].choice[j] <== rowChoice[i][j];
            if (i < W) {
                row[i].receiver[j] <== rowReceiver[i][j];
            } else {
                row[i].receiver[j] <== 0;
            }
            row[i].slotAccount[j] <== slotAccount[j];
            row[i].slotAx[j] <== slotAx[j];
            row[i].slotAy[j] <== slotAy[j];
            row[i].slotOwner[j] <== slotOwner[j];
            row[i].slotNonce[j] <== slotWithdrawalNonce[j];
            row[i].slotMinSequence[j] <== slotMinSequence[j];
            row[i].rootBefore[j] <== i == 0 ? slotOrderRoot[j] : row[i - 1].rootAfter[j];
        }
        if (i > 0) row[i].active * (1 - row[i - 1].active) === 0;
    }

    // 4. Liquidations, in order. Slot 0 is the fund's while there are any. What bounds them is step 7, where the slots' values are known.
    component liquidation[L];
    for (var k = 0; k < L; k++) {
        liquidation[k] = LiquidationRow(A);
        liquidation[k].isLiquidation <== liquidationIsLiquidation[k];
        liquidation[k].isDeleveraging <== liquidationIsDeleveraging[k];
        for (var j = 0; j < A; j++) {
            liquidation[k].account[j] <== liquidationAccount[k][j];
            liquidation[k].counterparty[j] <== liquidationCounterparty[k][j];
        }
        for (var b = 0; b < 3; b++) liquidation[k].market[b] <== liquidationMarket[k][b];
        liquidation[k].side <== liquidationSide[k];
        liquidation[k].quantity <== liquidationQuantity[k];
        liquidation[k].quote <== liquidationQuote[k];
        liquidation[k].fee <== liquidationFee[k];
        liquidation[k].payout <== liquidationPayout[k];
        liquidation[k].covered <== liquidationCovered[k];
        for (var m = 0; m < 8; m++) {
            liquidation[k].price[m] <== price[m];
            liquidation[k].priceMmf[m] <== terms[m].priceMmf;
        }
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

    // 6. Account slots.
    component account[A];
    signal collateralPart[A][R];
    signal sizePart[A][R][2];
    signal minSequencePart[A][R];
    signal paymentPart[A][W];
    signal cancelAllPart[A][R];
    signal liquidatedPart[A][L];
    signal counterpartyPart[A][L];
    signal liquidationSizePart[A][L][2];
    for (var j = 0; j < A; j++) {
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
        account[j].healthy <== slotHealthy[j];
        for (var m = 0; m < 8; m++) {
            account[j].grows[m] <== slotGrows[j][m];
            account[j].restricted[m] <== restricted[m];
            account[j].retired[m] <== retired[m];
            account[j].isolatedOnly[m] <== isolatedOnly[m];
            account[j].positionCap[m] <== positionCap[m];
        }
        for (var m = 0; m < 8; m++) {
            account[j].lane[m] <== slotLane[j][m];
            account[j].lanesAfter[m] <== slotLaneAfter[j][m];
            account[j].price[m] <== price[m];
            account[j].priceImf[m] <== terms[m].priceImf;
            account[j].priceMmf[m] <== terms[m].priceMmf;
            account[j].epochFundingIndex[m] <== terms[m].fundingIndex;
        }
        var isNew = 0;
        var deposits = 0;
        var references = 0;
        for (var q = 0; q < Q; q++) {
            isNew += entry[q].registers[j];
            deposits += entry[q].deposits[j];
            references += queueChoice[q][j];
        }
        var collateral = 0;
        var sizes[2] = [0, 0];
        var minSequence = 0;
        var cancelAlls = 0;
        var payments = 0;
        var received = 0;
        var rowReferences = 0;
        for (var i = 0; i < R; i++) {
            references += rowChoice[i][j];
            rowReferences += rowChoice[i][j];
            collateralPart[j][i] <== rowChoice[i][j] * row[i].collateralDelta;
            collateral += collateralPart[j][i];
            for (var w = 0; w < 2; w++) {
                sizePart[j][i][w] <== rowChoice[i][j] * row[i].sizeWordDelta[w];
                sizes[w] += sizePart[j][i][w];
            }
            minSequencePart[j][i] <== rowChoice[i][j] * row[i].minSequenceDelta;
            minSequence += minSequencePart[j][i];
            cancelAllPart[j][i] <== rowChoice[i][j] * rowIsCancelAll[i];
            cancelAlls += cancelAllPart[j][i];
            if (i < W) {
                paymentPart[j][i] <== rowChoice[i][j] * (rowIsWithdrawal[i] + rowIsTransfer[i]);
                payments += paymentPart[j][i];
                received += row[i].received[j];
                references += rowReceiver[i][j];
            }
        }
        var liquidated = 0;
        var counterparties = 0;
        for (var k = 0; k < L; k++) {
            liquidated += liquidationAccount[k][j];
            counterparties += liquidationCounterparty[k][j];
            liquidatedPart[j][k] <== liquidationAccount[k][j] * liquidation[k].collateralDelta;
            counterpartyPart[j][k] <== liquidationCounterparty[k][j] * liquidation[k].counterpartyCollateralDelta;
            collateral += liquidatedPart[j][k] + counterpartyPart[j][k];
            for (var w = 0; w < 2; w++) {
                liquidationSizePart[j][k][w] <== (liquidationAccount[k][j] - liquidationCounterparty[k][j]) * liquidation[k].sizeWordDelta[w];
                sizes[w] += liquidationSizePart[j][k][w];
            }
            // The fund's slot. Nothing else refers to it, and a row that is not active gives and takes nothing.
            if (j == 0) collateral += liquidationFee[k] - liquidationCovered[k];
        }
        references += liquidated + counterparties;
        account[j].liquidated <== liquidated;
        account[j].counterparty <== counterparties;
        account[j].rowReferences <== rowReferences;
        account[j].isNew <== isNew;
        account[j].deposits <== deposits + received;
        account[j].references <== references;
        account[j].collateralDelta <== collateral;
        for (var w = 0; w < 2; w++) account[j].sizeWordDelta[w] <== sizes[w];
        account[j].minSequenceDelta <== minSequence;
        account[j].cancelAlls <== cancelAlls;
        account[j].payments <== payments;
        account[j].orderRootAfter <== row[R - 1].rootAfter[j];
    }

    // 7. What bounds the liquidations. What is left of the fund (its S₀, where there is a liquidation) and of the epoch's cap is threaded through them.
    signal fundStart;
    fundStart <== liquidation[0].active * account[0].collateral0;
    component bounds[L];
    for (var k = 0; k < L; k++) {
        bounds[k] = LiquidationBounds(A);
        bounds[k].isLiquidation <== liquidationIsLiquidation[k];
        bounds[k].isDeleveraging <== liquidationIsDeleveraging[k];
        for (var j = 0; j < A; j++) {
            bounds[k].account[j] <== liquidationAccount[k][j];
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
    if (registerLevels == 0) {
        component tree = AccountTree(A);
        tree.oldRoot <== oldRoot;
        for (var j = 0; j < A; j++) {
            tree.active[j] <== slotActive[j];
            tree.account[j] <== slotAccount[j];
            tree.oldLeaf[j] <== account[j].oldLeaf;
            tree.newLeaf[j] <== account[j].newLeaf;
            for (var l = 0; l < ACCOUNT_TREE_LEVELS(); l++) for (var k = 0; k < 8; k++) tree.path[j][l][k] <== slotPath[j][l][k];
        }
        tree.newRoot === newRoot;
        subRoots[0] === 0;
    } else {
        component registers = AccountTreeRegisters(A);
        registers.oldRoot <== oldRoot;
        for (var r = 0; r < 64; r++) registers.subRoots[r] <== subRoots[r];
        for (var j = 0; j < A; j++) {
            registers.active[j] <== slotActive[j];
            registers.account[j] <== slotAccount[j];
            registers.oldLeaf[j] <== account[j].oldLeaf;
            registers.newLeaf[j] <== account[j].newLeaf;
            for (var l = 0; l < ACCOUNT_TREE_LEVELS(); l++) for (var k = 0; k < 8; k++) registers.path[j][l][k] <== slotPath[j][l][k];
        }
        registers.newRoot === newRoot;
    }

    // 10. The public data, word by word (docs/protocol.md §8), bound to the three public inputs.
    var n = HEADER_WORDS() + Q * QUEUE_ENTRY_WORDS() + W + R + L + A * ACCOUNT_SLOT_WORDS();
    component data = PublicData(tier, n);
    data.z <== z;
    data.words[WORD_DOMAIN()] <== domain;
    data.words[WORD_OLD_ROOT()] <== oldRoot;
    data.words[WORD_NEW_ROOT()] <== newRoot;
    data.words[WORD_EPOCH()] <== batchNumber
        + epochNumber * (1 << EPOCH_WORD_EPOCH_NUMBER_SHIFT())
        + epochTime * (1 << EPOCH_WORD_EPOCH_TIME_SECONDS_SHIFT())
        + rebateCap * (1 << EPOCH_WORD_REBATE_CAP_PPM_SHIFT());
    data.words[WORD_QUEUE_CURSOR()] <== queueCursorWord;
    data.words[WORD_JOURNAL_HEAD()] <== journalHead;
    data.words[WORD_FUNDING_DIGEST()] <== fundingDigest;
    data.words[WORD_FEE_DELTA()] <== feeSum;
    data.words[WORD_INSURANCE_SPENT_BEFORE()] <== insuranceSpent;
    data.words[WORD_INSURANCE_SPENT_AFTER()] <== PICO_PER_MICRO() * insuranceCap - bounds[L - 1].capLeftAfter;
    data.words[WORD_LIQUIDATION_TERMS()] <== liquidationTerms.word;
    for (var m = 0; m < 8; m++) data.words[WORD_MARKETS() + m] <== terms[m].word;
    for (var w = 0; w < 2; w++) {
        var before = 0;
        var after = 0;
        var cap = 0;
        for (var m = 0; m < 4; m++) {
            var shift = 1 << (GROSS_OPEN_INTEREST_BITS() * m);
            before += openInterestBefore[4 * w + m] * shift;
            after += interest[4 * w + m].after * shift;
            cap += openInterestCap[4 * w + m] * shift;
        }
        data.words[WORD_GROSS_OPEN_INTEREST_BEFORE() + w] <== before;
        data.words[WORD_GROSS_OPEN_INTEREST_AFTER() + w] <== after;
        data.words[WORD_GROSS_OPEN_INTEREST_CAP() + w] <== cap;
    }
    var at = HEADER_WORDS();
    for (var q = 0; q < Q; q++) {
        data.words[at] <== entry[q].head;
        data.words[at + 1] <== queueOwner[q];
        data.words[at + 2] <== queueAx[q];
        data.words[at + 3] <== queueAy[q];
        at += QUEUE_ENTRY_WORDS();
    }
    for (var i = 0; i < W; i++) {
        data.words[at] <== row[i].withdrawalWord;
        at++;
    }
    for (var i = 0; i < R; i++) {
        data.words[at] <== row[i].word;
        at++;
    }
    for (var k = 0; k < L; k++) {
        data.words[at] <== liquidation[k].word;
        at++;
    }
    for (var j = 0; j < A; j++) {
        for (var w = 0; w < 3; w++) data.words[at + w] <== account[j].words[w];
        at += ACCOUNT_SLOT_WORDS();
    }
    data.commitment === commitment;
    data.y === y;
}
