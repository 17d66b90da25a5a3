/**
 * Writes THIRD-PARTY-NOTICES.txt from the lock and the installed packages: whenever a package comes, goes or changes.
 *
 *   npm run with-node -- node scripts/notices.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "./circuits/build-circuit.ts";
import { lockedPackages } from "./notices/locked-package.ts";
import { NOTICES_FILE, renderNotices, unjudgedLicences } from "./notices/third-party-notices.ts";
import { Refusal, runCommand } from "./supervisor/refusal.ts";

await runCommand(async () => {
  const unjudged = unjudgedLicences(lockedPackages(REPOSITORY_ROOT));
  if (unjudged.length > 0) throw new Refusal(`Nobody has judged these licences yet: ${unjudged.join(", ")}.`);
  writeFileSync(join(REPOSITORY_ROOT, NOTICES_FILE), renderNotices(REPOSITORY_ROOT));
  console.log(`wrote ${NOTICES_FILE}`);
  return undefined;
});
