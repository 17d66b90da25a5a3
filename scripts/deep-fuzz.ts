/**
 * Spoiled requests to every route of the API in numbers too large for the tests: none may be answered with 5xx, with a code that is in no
 * table, or against the API's own document. Run: `node scripts/deep-fuzz.ts [requests] [seed]`, 100,000 unless told otherwise.
 * Exits 1 at the first that is.
 */

import { testApi, tokenOf } from "../test/api/api-fixture.ts";
import { sendHostile } from "../test/fixtures/hostile-requests.ts";
import { routeSeeds } from "../test/fixtures/route-seeds.ts";
import { dice } from "../test/sequencer/random-commands.ts";

const ROUND = 10_000;

function numberArgument(position: number, standard: number): number {
  const text = process.argv[position];
  if (text === undefined) return standard;
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new RangeError(`${text} is not a positive number`);
  return Number(text);
}

const requests = numberArgument(2, 100_000);
const roll = dice(numberArgument(3, 1));
const byStatus = new Map<number, number>();
const codes = new Set<string>();
const startMs = performance.now();
for (let sent = 0; sent < requests; sent += ROUND) {
  const api = testApi(2);
  const seeds = await routeSeeds(api.app);
  const authorization = `Bearer ${await tokenOf(api.app, 1)}`;
  const report = await sendHostile(api.app, seeds, { count: Math.min(ROUND, requests - sent), roll, authorization });
  await api.app.close();
  const [defect] = api.defects;
  if (defect !== undefined) throw defect;
  for (const [status, count] of report.byStatus) byStatus.set(status, (byStatus.get(status) ?? 0) + count);
  for (const code of report.codes) codes.add(code);
  console.log(`${Math.min(sent + ROUND, requests)} of ${requests}`);
}
const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
console.log(
  `✔ ${requests} requests in ${seconds} s: ${[...byStatus].map(([status, n]) => `${status} × ${n}`).join(", ")}`,
);
console.log(`  codes: ${[...codes].sort().join(", ")}`);
