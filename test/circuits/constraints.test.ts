import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { TIERS } from "../../matcher/protocol/spec.ts";
import { buildCircuit } from "../../scripts/circuits/build-circuit.ts";
import { CIRCUIT_PARTS, partConstraints } from "../../scripts/circuits/parts.ts";

const SNAPSHOT = new URL("./constraints.json", import.meta.url);
const README = new URL("../../circuits/README.md", import.meta.url);

/** Regenerated with UPDATE_SNAPSHOTS=1; a change of a count is a change that its commit explains. */
interface Snapshot {
  parts: Record<string, number>;
  tiers: Record<string, number>;
}

describe("circuit constraints", function () {
  this.timeout(600_000);

  it("are what the snapshot and circuits/README.md say, part by part and tier by tier", async () => {
    const measured: Snapshot = { parts: {}, tiers: {} };
    for (const part of CIRCUIT_PARTS) measured.parts[part.name] = await partConstraints(part);
    for (const tier of TIERS) {
      const main = `circuits/main/${tier.name}.circom`;
      const built = await buildCircuit({ main, optimization: "O2", out: `build/circuits/${tier.name}`, devKey: false });
      measured.tiers[tier.name] = built.nonLinearConstraints;
    }
    if (process.env.UPDATE_SNAPSHOTS === "1") writeFileSync(SNAPSHOT, `${JSON.stringify(measured, null, 2)}\n`);
    expect(measured).to.deep.equal(JSON.parse(readFileSync(SNAPSHOT, "utf8")));

    const readme = readFileSync(README, "utf8");
    for (const [name, count] of [...Object.entries(measured.parts), ...Object.entries(measured.tiers)]) {
      expect(readme, name).to.include(`| ${name} | ${count.toLocaleString("en")} |`);
    }
  });

  it("meet the budgets: small tier below 2^16, large below 2^18, row and slot together at most 14,000", () => {
    const { parts, tiers } = JSON.parse(readFileSync(SNAPSHOT, "utf8")) as Snapshot;
    const count = (name: string) => parts[name] as number;
    // Public inputs and the constant wire take places of the domain too.
    expect((tiers.small as number) + 4).to.be.at.most(2 ** 16);
    expect((tiers.large as number) + 4).to.be.at.most(2 ** 18);
    const path = count("account tree of 2, registers") - count("account tree of 1, registers");
    expect(count("signed row") + count("account slot") + path).to.be.at.most(14_000);
  });
});
