/** Format, lint, types and the house rules of the sources: all that can be judged without running Clearbook. */
import { sourceChecks } from "./testing/checks.ts";
import { runMochaFile } from "./testing/mocha-file.ts";
import { endChildrenOnSignals } from "./testing/process-group.ts";

endChildrenOnSignals();
const houseRules = { label: "house rules", run: () => runMochaFile("test/house.test.ts") };
for (const unit of [...sourceChecks, houseRules]) {
  const { failed, report } = await unit.run();
  console.log(`${failed > 0 ? "✘" : "✔"} ${unit.label}`);
  if (failed === 0) continue;
  console.log(report);
  process.exitCode = 1;
}
