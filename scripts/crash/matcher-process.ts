/**
 * The matcher with provers and L1, with few batches, since each costs seconds of proving, to be killed.
 *
 *   node scripts/crash/matcher-process.ts <deployment file> <journal folder> <port> <operator port>
 *
 * Tells its parent {type: "ready", provers}, {type: "batch", batchNumber, state}, {type: "notice", sentence} and {type: "halted", report}.
 */
import { readDeployment } from "../../matcher/chain/deployment.ts";
import { Matcher } from "../../matcher/matcher.ts";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { devnetKeys } from "../devnet/wallets.ts";
import { endWithParent, tellParent } from "../supervisor/child-life.ts";
import { runCommand } from "../supervisor/refusal.ts";

const SNAPSHOT_EVERY = 40;

await runCommand(async () => {
  const [deploymentPath = "", journalPath = "", port, operatorPort] = process.argv.slice(2);
  const matcher = await Matcher.start({
    deployment: readDeployment(deploymentPath),
    operatorKey: devnetKeys().operator,
    receiptsKey: devnetKeys().receipts,
    circuitsDir: "build/circuits",
    tiers: TIERS.filter(({ name }) => name === "small"),
    port: Number(port),
    operatorPort: Number(operatorPort),
    confirmations: 1,
    provers: 1,
    cutAfterMs: 1_500,
    growFromQueued: 0,
    cadence: { leastMs: 30_000, idleMs: 120_000, aheadMax: 3, silentMs: 60_000, moveBoundPpm: 1_000_000 },
    unprovenRowsMax: 5,
    journalPath,
    snapshotEveryCommands: SNAPSHOT_EVERY,
    onProgress: ({ batchNumber, state }) => tellParent({ type: "batch", batchNumber, state }),
    onNotice: (sentence) => tellParent({ type: "notice", sentence }),
    onHalt: (report) => tellParent({ type: "halted", report }),
  });
  endWithParent(() => matcher.stop(), 20_000);
  tellParent({ type: "ready", provers: matcher.proverProcessIds });
  return undefined;
});
