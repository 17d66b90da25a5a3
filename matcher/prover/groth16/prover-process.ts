import os from "node:os";
import { buildBn128 } from "ffjavascript";
import { takePriority } from "./process-priority.ts";
import { ProofFailed } from "./proof-failed.ts";
import { decodeArguments, type ProverReply, type ProverRequest } from "./prover-messages.ts";
import { TierProver } from "./tier-prover.ts";

// The prover's own process, started by `startProver`. One job at a time; the client sends the next after the answer.

const { circuitsDir, threads, niceness } = decodeArguments(process.argv[2]!);
// Matching and the chain come first on a busy machine.
takePriority(niceness);
// ffjavascript starts a thread for every processor that this function lists, and has no other setting.
const processors = os.cpus();
os.cpus = () => processors.slice(0, threads);

// A thread that fails would leave its task unanswered for ever: end here, with the reason as the report.
for (const worker of (await buildBn128()).tm.workers) {
  worker.addEventListener("error", (event) => {
    throw new Error("an arithmetic thread failed", { cause: event });
  });
}

const prover = new TierProver(circuitsDir);

function reply(message: ProverReply): void {
  if (process.connected) process.send!(message);
}

async function work(id: number, { tier, input }: Extract<ProverRequest, { type: "prove" }>): Promise<void> {
  try {
    const result = await prover.prove(tier, input, (phase) => reply({ type: "phase", id, phase }));
    reply({ type: "proved", id, result });
  } catch (error) {
    if (!(error instanceof ProofFailed)) throw error;
    const { code, phase, report } = error;
    reply({ type: "failed", id, failure: { code, tier, phase, report } });
  }
}

// The curve's threads end with the process; whoever started it must not have to wait for a running proof.
process.on("disconnect", () => process.exit(0));
process.on("message", (request: ProverRequest) => {
  if (request.type === "close") process.exit(0);
  else void work(request.id, request);
});
reply({ type: "ready" });
