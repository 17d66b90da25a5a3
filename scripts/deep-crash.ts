/**
 * Kills an exchange at random moments under load, by the thousand, and looks after each kill whether every acknowledged order is in the
 * journal once and in order. Run: `npm run command deep-crash [kills] [seed]`, 1,000 of them unless told otherwise; about a second each.
 * Every hundred kills it begins with an empty journal. Exits 1 at the first fault.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerRounds } from "./crash/server-rounds.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

const KILLS_PER_JOURNAL = 100;
const ACCOUNTS = 4;

await runCommand(async () => {
  const [count = "1000", seed = "1"] = process.argv.slice(2);
  if (!/^[1-9][0-9]{0,6}$/.test(count)) throw new Refusal(`${count} is not a positive number of kills.`);
  const total = { kills: 0, acknowledged: 0, commands: 0, retried: 0 };
  const startMs = performance.now();
  for (let run = Number(seed); total.kills < Number(count); run++) {
    const folder = mkdtempSync(join(tmpdir(), "clearbook-crash-"));
    try {
      const rounds = new ServerRounds({ folder, seed: run, accounts: ACCOUNTS });
      for (let i = 0; i < Math.min(KILLS_PER_JOURNAL, Number(count) - total.kills); i++) {
        await rounds.round();
        const { faults, kills } = rounds.summary;
        if (faults.length > 0) throw new Refusal(`Seed ${run}, kill ${kills}: ${faults.join("; ")}`);
      }
      const { faults, kills, acknowledged, commands, retried } = await rounds.finish();
      if (faults.length > 0) throw new Refusal(`Seed ${run}, after ${kills} kills: ${faults.join("; ")}`);
      total.kills += kills;
      total.acknowledged += acknowledged;
      total.commands += commands;
      total.retried += retried;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
    console.log(
      `${total.kills} kills in ${seconds} s: ${total.acknowledged} orders acknowledged, none lost and none applied twice; ` +
        `${total.commands} commands on disk, ${total.retried} orders sent again`,
    );
  }
  return 0;
});
process.exit();
