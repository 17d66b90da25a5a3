/**
 * Makes all that a start needs: circuits with their insecure development keys, verifier contracts, compiled contracts, the trading
 * page.
 * Everything is cached by content; a second run takes seconds.
 *
 *   npm run build                    the tiers of a deployment
 *   npm run build -- --tier test     only this tier's circuit and key (may be repeated)
 *   npm run build -- --write         also rewrites the committed verifier contracts when the circuits changed
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { DEV_CHAIN_IDS, TIERS, type Tier } from "../matcher/protocol/spec.ts";
import { buildPage } from "./building/build-page.ts";
import { checkCeremonyVerifiers } from "./building/ceremony-verifiers.ts";
import { compileContracts } from "./building/compile-contracts.ts";
import { DEPLOYED_TIERS, tierCircuit, verifierPath } from "./building/tier-circuits.ts";
import { type BuiltCircuit, buildAll, REPOSITORY_ROOT } from "./circuits/build-circuit.ts";
import { constraintReport } from "./circuits/constraint-report.ts";
import { consoleProgress } from "./circuits/progress.ts";
import { staleFiles, verifierName } from "./generate.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";
import { renderVerifier } from "./verifier/render-verifier.ts";

interface Options {
  tier?: string[];
  write: boolean;
}

function tiersOf({ tier: names }: Options): readonly Tier[] {
  if (names === undefined) return DEPLOYED_TIERS;
  return names.map((name) => {
    const tier = TIERS.find((candidate) => candidate.name === name);
    if (tier === undefined)
      throw new Refusal(`There is no tier "${name}": choose ${TIERS.map((t) => t.name).join(", ")}.`);
    return tier;
  });
}

function checkGenerated(): void {
  const stale = staleFiles();
  if (stale.length > 0)
    throw new Refusal(`Stale: ${stale.join(", ")}; run "npm run with-node -- node scripts/generate.ts".`);
}

/** The verifier contracts are committed: a circuit that changed without them would only be noticed by a refused proof. */
function placeVerifiers(tiers: readonly Tier[], circuits: readonly BuiltCircuit[], write: boolean): void {
  const stale: string[] = [];
  for (const [i, tier] of tiers.entries()) {
    if (!DEPLOYED_TIERS.includes(tier)) continue;
    const key = circuits[i]!.key!;
    const name = verifierName(tier).replace(/Verifier$/, "");
    const text = renderVerifier({ name, vkey: key.verificationKey, devChainIds: DEV_CHAIN_IDS });
    const path = verifierPath(tier);
    if (readText(join(REPOSITORY_ROOT, path)) === text) continue;
    stale.push(path);
    if (!write) continue;
    mkdirSync(dirname(join(REPOSITORY_ROOT, path)), { recursive: true });
    writeFileSync(join(REPOSITORY_ROOT, path), text);
    console.log(`wrote ${path}`);
  }
  if (stale.length > 0 && !write) {
    throw new Refusal(
      `Stale: ${stale.join(", ")}; the circuits changed, so run "npm run build -- --write" and commit.`,
    );
  }
}

async function pageLine(): Promise<string> {
  const startMs = performance.now();
  const { cached } = await buildPage(REPOSITORY_ROOT);
  return cached ? "cached" : `built in ${((performance.now() - startMs) / 1000).toFixed(1)} s`;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

// The compiler's process is ended on our exit, which a signal alone would not bring about.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => process.exit(code));
}
process.on("disconnect", () => process.exit(1));
process.channel?.unref();

await runCommand(async () => {
  const options = new Command("build")
    .option("--tier <name...>", "build only these tiers' circuits and keys")
    .option("--write", "rewrite the committed verifier contracts", false)
    .parse()
    .opts<Options>();
  const startMs = performance.now();
  const tiers = tiersOf(options);
  checkGenerated();
  const circuits = await buildAll(tiers.map(tierCircuit), { onProgress: consoleProgress() });
  if (circuits.some(({ cached }) => !cached.compile)) console.log(constraintReport(circuits));
  placeVerifiers(tiers, circuits, options.write);
  checkCeremonyVerifiers(REPOSITORY_ROOT);
  if (options.tier === undefined) {
    console.log("contracts: compiling …");
    await compileContracts(REPOSITORY_ROOT);
    console.log(`page: ${await pageLine()}`);
  }
  console.log(`built in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  return undefined;
});
