/**
 * Whatever the ledger accepts is provable, in numbers too large for the tests: random commands with moving prices, crashes, liquidations,
 * deleveraging, restricted and retired markets, deposits, transfers and withdrawals; every batch that comes of them must have a witness of
 * the circuit. Run: `npm run command deep-batches [commands] [tier]`, 10,000 of them and the test tier unless told otherwise.
 * Some 60 ms a batch of the test tier. Exits 1 at the first batch without a witness, and names seed and batch.
 */
import { TIERS } from "../matcher/protocol/spec.ts";
import { buildFastPoseidon } from "../matcher/state/fast-poseidon.ts";
import { BatchCircuit } from "../test/circuits/batch-circuit.ts";
import { RandomMarket } from "../test/fixtures/random-market.ts";
import { traceFeatures } from "../test/fixtures/trace-features.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

const COMMANDS_PER_SEED = 250;
const REPORT_EVERY_MS = 5_000;

await runCommand(async () => {
  const [count = "10000", name = "test"] = process.argv.slice(2);
  if (!/^[1-9][0-9]{0,8}$/.test(count)) throw new Refusal(`${count} is not a positive number of commands.`);
  const tiers = TIERS.filter((tier) => tier.name === name);
  if (tiers.length === 0) throw new Refusal(`There is no tier ${name}.`);
  const hash = await buildFastPoseidon();
  const circuit = await BatchCircuit.load(name, hash);
  const seen = new Map<string, number>();
  const startMs = performance.now();
  let reportedMs = startMs;
  let commands = 0;
  let batches = 0;
  for (let seed = 1; commands < Number(count); seed++) {
    const market = new RandomMarket({ seed, hash, tiers });
    for (let i = 0; i < COMMANDS_PER_SEED; i++) {
      commands += 1;
      for (const trace of market.act()) {
        batches += 1;
        for (const feature of traceFeatures(trace)) seen.set(feature, (seen.get(feature) ?? 0) + 1);
        const refusal = await circuit.refusal(trace);
        if (refusal !== undefined) {
          throw new Refusal(`Seed ${seed}, batch ${trace.batchNumber} has no witness: ${refusal}`);
        }
      }
      if (performance.now() - reportedMs > REPORT_EVERY_MS) {
        reportedMs = performance.now();
        console.log(`${commands} of ${count} commands, ${batches} batches`);
      }
    }
  }
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  console.log(
    `✔ ${commands} commands made ${batches} batches, each with a witness, in ${seconds} s. Batches by what is in them:`,
  );
  for (const [feature, times] of [...seen].sort(([, a], [, b]) => b - a))
    console.log(`  ${String(times).padStart(6)}  ${feature}`);
  return 0;
});
process.exit();
