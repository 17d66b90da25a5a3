import { HttpSender } from "../bench/full-path/http-sender.ts";
import { BENCH_DOMAIN, BENCH_EPOCH_SECONDS } from "../bench/full-path/opened-exchange.ts";
import { SignedFlow, type SignedRequest } from "../bench/full-path/signed-flow.ts";
import type { Scenario } from "./scenario.ts";

/** Valid traffic has a tenth of this. */
const PER_SECOND = 2_500;
const CONNECTIONS = 64;
const BODIES = 400;

/** Requests that are right in everything but the signature: the dearest kind that costs its sender nothing. */
function wronglySigned(): SignedRequest[] {
  const flow = new SignedFlow(64, BENCH_DOMAIN ^ 1n, BENCH_EPOCH_SECONDS);
  return Array.from({ length: BODIES }, () => flow.next());
}

/** Requests as fast as a rate, until the signal. */
async function pour(
  url: string,
  requests: readonly SignedRequest[],
  localAddress: string,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const sender = new HttpSender(url, CONNECTIONS, localAddress);
  const answers = new Map<string, number>();
  const startMs = performance.now();
  let sent = 0;
  const pending = new Set<Promise<void>>();
  while (!signal.aborted) {
    const due = ((performance.now() - startMs) * PER_SECOND) / 1_000;
    for (; sent < due && pending.size < 2_000; sent++) {
      const answered = sender.send(requests[sent % requests.length] as SignedRequest).then(
        ({ status, code }) => code ?? String(status),
        () => "lost",
      );
      const counted = answered.then((code) => {
        answers.set(code, (answers.get(code) ?? 0) + 1);
        pending.delete(counted);
      });
      pending.add(counted);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  sender.close();
  return answers;
}

function told(answers: ReadonlyMap<string, number>): string {
  return [...answers].map(([code, count]) => `${count} ${code}`).join(", ");
}

/** Ten times the valid traffic from another address, none of it signed by whom it names. */
export const badSignatures: Scenario = {
  name: "bad signatures, 10×",
  async run({ url }, signal) {
    const answers = await pour(url, wronglySigned(), "127.0.0.2", signal);
    return { sent: told(answers), faults: answers.has("INTERNAL") ? ["a defect answered"] : [] };
  },
};

/** Ten times the valid traffic from another address, all of it signed and most of it too late: replays of a few orders. */
export const burst: Scenario = {
  name: "burst, 10×",
  async run({ url }, signal) {
    const flow = new SignedFlow(8, BENCH_DOMAIN, BENCH_EPOCH_SECONDS);
    const requests = Array.from({ length: BODIES }, () => flow.next());
    const answers = await pour(url, requests, "127.0.0.3", signal);
    return { sent: told(answers), faults: answers.has("INTERNAL") ? ["a defect answered"] : [] };
  },
};
