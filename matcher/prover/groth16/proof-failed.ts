/** Why a proof was not made. */
export type ProofFailureCode =
  /** The tier's files are missing or unusable. */
  | "TIER_UNAVAILABLE"
  /** The input names a signal that the circuit lacks, leaves one out, or has the wrong number of values. */
  | "BAD_INPUT"
  /** No witness exists: a constraint or assertion of the circuit does not hold for this input. */
  | "UNSATISFIED"
  /** A proof was made that the verification key refuses: the files do not belong together, or a bug. */
  | "NOT_VERIFIED"
  /** The prover's process ended while it worked on this job. */
  | "PROVER_CRASHED"
  /** The job took longer than it may; its process was ended. */
  | "TIMED_OUT"
  /** The prover was closed before the job was done. */
  | "PROVER_CLOSED"
  /** Anything else; the report has the stack. */
  | "INTERNAL";

export type ProofPhase = "queued" | "load" | "witness" | "prove" | "verify";

/** What the operator needs to find out why: `report` may have many lines. */
export type ProofFailure = {
  readonly code: ProofFailureCode;
  readonly tier: string;
  readonly phase: ProofPhase;
  readonly report: string;
};

/** A job ended without a proof. The caller decides what that means for its batch; the prover goes on with the next. */
export class ProofFailed extends Error implements ProofFailure {
  override readonly name = "ProofFailed";
  readonly code: ProofFailureCode;
  readonly tier: string;
  readonly phase: ProofPhase;
  readonly report: string;

  constructor({ code, tier, phase, report }: ProofFailure) {
    super(`no proof for tier ${tier} (${code} in phase ${phase}): ${report.split("\n")[0]}`);
    this.code = code;
    this.tier = tier;
    this.phase = phase;
    this.report = report;
  }
}
