/**
 * Rehearses an emergency on a devnet of its own, step by step: what docs/governance.md says is done with real contracts, a real
 * matcher and delays of seconds.
 *
 *   npm run drill -- <name> [--circuits <folder>]
 *
 * Names: feed-stops, market-pumped, prover-down, verifier-bug. Exits 0 only when every check holds.
 */
import { spawnSync } from "node:child_process";
import { Command } from "commander";
import { CheckList } from "./demo/check-list.ts";
import { DRILLS, drillNamed } from "./drill/drills.ts";
import { Rehearsal } from "./drill/rehearsal.ts";
import { runCommand } from "./supervisor/refusal.ts";

interface Options {
  circuits: string;
  build: boolean;
}

await runCommand(async () => {
  const command = new Command("drill")
    .argument("<name>", `which emergency: ${Object.keys(DRILLS).join(", ")}`)
    .option("--circuits <folder>", "folder with a folder per tier", "build/circuits")
    .option("--no-build", "use what is built already")
    .parse();
  const { circuits, build } = command.opts<Options>();
  const [name = ""] = command.args;
  const { title, cadence, happen } = drillNamed(name);
  if (build) {
    const { status } = spawnSync(process.execPath, ["scripts/build.ts"], { stdio: "inherit" });
    if (status !== 0) return status ?? 1;
  }
  let rehearsal: Rehearsal | undefined;
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, async () => {
      if (interrupted) return;
      interrupted = true;
      await rehearsal?.close();
      process.exit(130);
    });
  }
  const startMs = performance.now();
  const list = new CheckList();
  list.chapter(`Drill ${name}: ${title}`);
  try {
    rehearsal = await Rehearsal.start(list, { circuitsDir: circuits, cadence });
    await happen(rehearsal);
  } catch (error) {
    if (interrupted) return 130;
    const found = error instanceof Error ? (error.stack ?? error.message) : String(error);
    list.check("the drill reaches its end", false, found);
  } finally {
    if (!interrupted) await rehearsal?.close();
  }
  console.log(`\n${list.summary} Took ${((performance.now() - startMs) / 1000).toFixed(1)} s.`);
  return list.broken === 0 ? 0 : 1;
});
// What is still open (threads of a library) holds nothing: the drill is over.
process.exit();
