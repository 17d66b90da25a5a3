/**
 * One story, told to its end on a fresh devnet: two traders register, deposit, trade in two markets, every batch is proven and
 * settled, the state is read back from the published data, one of them withdraws and claims; then a market crashes, with liquidations, an insurance
 * fund that runs dry, and a deleveraging, all of it proven and settled; at last they audit their receipts.
 *
 *   npm run demo [-- --tiers small,large]
 *
 * Exits 0 only when every check holds.
 */
import { spawnSync } from "node:child_process";
import { Command } from "commander";
import { TIERS } from "../matcher/protocol/spec.ts";
import { CheckList } from "./demo/check-list.ts";
import { Story } from "./demo/story.ts";
import { startWorld, type World } from "./demo/world.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

interface Options {
  tiers: string;
  circuits: string;
  build: boolean;
}

await runCommand(async () => {
  const options = new Command("demo")
    .option("--tiers <names>", "circuit sizes that batches may use", "small,large")
    .option("--circuits <folder>", "folder with a folder per tier", "build/circuits")
    .option("--no-build", "use what is built already")
    .parse()
    .opts<Options>();
  const tiers = options.tiers.split(",").map((name) => {
    const tier = TIERS.find((candidate) => candidate.name === name);
    if (tier === undefined) throw new Refusal(`There is no tier "${name}".`);
    return tier;
  });
  if (options.build) {
    const { status } = spawnSync(process.execPath, ["scripts/build.ts"], { stdio: "inherit" });
    if (status !== 0) return status ?? 1;
  }

  let world: World | undefined;
  let interrupted = false;
  const stop = async () => {
    if (interrupted) return;
    interrupted = true;
    await world?.close();
    process.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);

  const startMs = performance.now();
  const list = new CheckList();
  try {
    world = await startWorld({
      circuitsDir: options.circuits,
      seed: 1n,
      calm: true,
      print: (line) => list.note(line),
      matcher: { tiers },
    });
    list.chapter("A fresh devnet is up: INSECURE DEVELOPMENT KEYS, play money");
    list.note(`exchange ${world.deployment.exchange} at ${world.deployment.rpcUrl}, API ${world.matcher.url}`);
    await new Story(world, list).tell();
  } catch (error) {
    if (interrupted) return 130;
    list.check(
      "the story reaches its end",
      false,
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  } finally {
    if (!interrupted) await world?.close();
  }
  console.log(`\n${list.summary} Took ${((performance.now() - startMs) / 1000).toFixed(1)} s.`);
  return list.broken === 0 ? 0 : 1;
});
// What is still open (threads of a library) holds nothing: the story is over.
process.exit();
