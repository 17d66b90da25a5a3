pragma circom 2.2.2;

include "poseidon.circom";
include "babyjub.circom";
include "escalarmulfix.circom";
include "range.circom";
include "../generated/protocol.circom";

// (x, y) on the Edwards curve to Montgomery (u, v): u = (1 + y)/(1 − y), v = u/x.
// Assumes a point of prime order (then y ≠ 1 and x ≠ 0, and both quotients exist and are unique): SignatureOf says who checks.
template EdwardsToMontgomery() {
    signal input x;
    signal input y;
    signal output u;
    signal output v;
    u <-- (1 + y) / (1 - y);
    u * (1 - y) === 1 + y;
    v <-- u / x;
    v * x === u;
}

// Inverse: x = u/v, y = (u − 1)/(u + 1). Same assumption.
template MontgomeryToEdwards() {
    signal input u;
    signal input v;
    signal output x;
    signal output y;
    x <-- u / v;
    x * v === u;
    y <-- (u - 1) / (u + 1);
    y * (u + 1) === u - 1;
}

// P → 2P + Q on the Montgomery curve v² = u³ + 168698·u² + u, as (P + Q) + P without the middle v. Cost 5.
// Assumes P ≠ ±Q and 2P ≠ −Q, so that both slopes have a non-zero denominator (TimesVariable says why).
template DoubleAdd() {
    signal input pu;
    signal input pv;
    signal input qu;
    signal input qv;
    signal output u;
    signal output v;
    var A = 168698;

    signal slope1;
    slope1 <-- (qv - pv) / (qu - pu);
    slope1 * (qu - pu) === qv - pv;
    signal sumU;
    sumU <== slope1 * slope1 - A - pu - qu;
    // Slope from P to P + Q, whose v is slope1·(pu − sumU) − pv: slope2 = −slope1 − 2·pv/(sumU − pu).
    signal slope2;
    slope2 <-- -slope1 - 2 * pv / (sumU - pu);
    (slope2 + slope1) * (sumU - pu) === -2 * pv;
    u <== slope2 * slope2 - A - pu - sumU;
    v <== slope2 * (pu - u) - pv;
}

// out = (2·scalar + 1)·Q + 2^n·T with T the offset point.
// scalar   {0,1}[n], least significant first
// (x, y)   Q, prime order
// Method: start at Q + T; for each bit from the top, 2P + Q for a 1 and 2P − Q for a 0. After j steps P = m·Q + 2^j·T with m odd.
// Because of T an incomplete addition (P = ±Q or 2P = ±Q) would give a discrete logarithm of T to the base Q, which nobody knows for T; a key for which
// somebody chose such a relation is a multiple of T whose secret nobody knows, and opens only its own account.
// Cost 6·n + 14.
template TimesVariable(n) {
    signal input scalar[n];
    signal input x;
    signal input y;
    signal output outX;
    signal output outY;

    component start = BabyAdd();
    start.x1 <== x;
    start.y1 <== y;
    start.x2 <== OFFSET_POINT_X();
    start.y2 <== OFFSET_POINT_Y();
    component q = EdwardsToMontgomery();
    q.x <== x;
    q.y <== y;
    component p = EdwardsToMontgomery();
    p.x <== start.xout;
    p.y <== start.yout;

    component step[n];
    for (var j = 0; j < n; j++) {
        step[j] = DoubleAdd();
        step[j].pu <== j == 0 ? p.u : step[j - 1].u;
        step[j].pv <== j == 0 ? p.v : step[j - 1].v;
        step[j].qu <== q.u;
        step[j].qv <== (2 * scalar[n - 1 - j] - 1) * q.v;
    }
    component back = MontgomeryToEdwards();
    back.u <== step[n - 1].u;
    back.v <== step[n - 1].v;
    outX <== back.x;
    outY <== back.y;
}

// EdDSA-Poseidon exactly as circomlib defines it: S·B8 = R8 + 8·h·A with h = H_5(R8x, R8y, Ax, Ay, message).
// enabled     {0,1}; booleanity is the caller's
// ax, ay      public key. Assumes prime order: registration computes A = 8·Q on chain (Exchange.register), and an account's key enters the tree
//             only from there. When not enabled the caller still passes a point of prime order.
// r8x, r8y, s signature, prover-chosen; s < SUBGROUP_ORDER is checked; R8 is compared with a point on the curve.
// message     field element
// Guarantees the equation when enabled.
template SignatureOf() {
    signal input enabled;
    signal input ax;
    signal input ay;
    signal input r8x;
    signal input r8y;
    signal input s;
    signal input message;

    component challenge = Poseidon(5);
    challenge.inputs[0] <== r8x;
    challenge.inputs[1] <== r8y;
    challenge.inputs[2] <== ax;
    challenge.inputs[3] <== ay;
    challenge.inputs[4] <== message;

    // Canonical bits of h: with h + r as a second choice there would be two challenges a message.
    component h = BitsAtMost(254, -1);
    h.in <== challenge.out;
    component sBits = BitsAtMost(251, SUBGROUP_ORDER() - 1);
    sBits.in <== s;

    // Q = 4·A, so that 2h·Q = 8h·A.
    component twice = BabyDbl();
    twice.x <== ax;
    twice.y <== ay;
    component fourTimes = BabyDbl();
    fourTimes.x <== twice.xout;
    fourTimes.y <== twice.yout;
    component times = TimesVariable(254);
    for (var i = 0; i < 254; i++) times.scalar[i] <== h.bits[i];
    times.x <== fourTimes.xout;
    times.y <== fourTimes.yout;

    // R8 = S·B8 + Q + 2^254·T − ((2h + 1)·Q + 2^254·T). Every summand is on the curve by construction, where the Edwards addition has no
    // exceptional case, so R8 is compared and never computed with: it cannot be off the curve.
    var BASE8[2] = [
        5299619240641551281634865583518297030282874472190772894086521144482721001553,
        16950150798460657717958625567821834550301663161624707787222815936182638968203
    ];
    component sBase = EscalarMulFix(251, BASE8);
    for (var i = 0; i < 251; i++) sBase.e[i] <== sBits.bits[i];
    component plusQ = BabyAdd();
    plusQ.x1 <== sBase.out[0];
    plusQ.y1 <== sBase.out[1];
    plusQ.x2 <== fourTimes.xout;
    plusQ.y2 <== fourTimes.yout;
    component plusT = BabyAdd();
    plusT.x1 <== plusQ.xout;
    plusT.y1 <== plusQ.yout;
    plusT.x2 <== OFFSET_POINT_SHIFTED_X();
    plusT.y2 <== OFFSET_POINT_SHIFTED_Y();
    component minus = BabyAdd();
    minus.x1 <== plusT.xout;
    minus.y1 <== plusT.yout;
    minus.x2 <== -times.outX;
    minus.y2 <== times.outY;

    enabled * (minus.xout - r8x) === 0;
    enabled * (minus.yout - r8y) === 0;
}
