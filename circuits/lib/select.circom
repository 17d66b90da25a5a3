pragma circom 2.2.2;

// One of eight, from three bits.
// digit   {0,1}[3], least significant first; booleanity is the caller's
// Guarantees out[k] = 1 exactly for k = digit, 0 elsewhere. Cost 8 − 4 = 4 products of pairs plus 4: 8.
template OneHot8() {
    signal input digit[3];
    signal output out[8];

    signal low[4];
    low[3] <== digit[0] * digit[1];
    low[1] <== digit[0] - low[3];
    low[2] <== digit[1] - low[3];
    low[0] <== 1 - digit[0] - digit[1] + low[3];
    for (var k = 0; k < 4; k++) {
        out[4 + k] <== low[k] * digit[2];
        out[k] <== low[k] - out[4 + k];
    }
}

// Σ choice[i]·in[i]: the chosen input when exactly one choice is 1, and 0 when none is.
template Pick(n) {
    signal input choice[n];
    signal input in[n];
    signal output out;

    signal term[n];
    var sum = 0;
    for (var i = 0; i < n; i++) {
        term[i] <== choice[i] * in[i];
        sum += term[i];
    }
    out <== sum;
}

// A choice of at most one of n.
// choice  {0,1}[n], prover-chosen
// any     Σ choice
// Guarantees each choice boolean and any ∈ {0,1}. Cost n + 1.
template AtMostOne(n) {
    signal input choice[n];
    signal output any;

    var sum = 0;
    for (var i = 0; i < n; i++) {
        choice[i] * (choice[i] - 1) === 0;
        sum += choice[i];
    }
    any <== sum;
    any * (any - 1) === 0;
}
