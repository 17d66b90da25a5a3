import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect } from "chai";
import { run } from "../../scripts/testing/process-group.ts";

const modulePath = resolve(import.meta.dirname, "../../scripts/testing/process-group.ts");

/** A runner of two programs, one after the other; each has a child of its own and says both process ids. */
const grandparent = `
  import { endChildrenOnSignals, run } from ${JSON.stringify(modulePath)};
  endChildrenOnSignals();
  const parent = 'const child = require("child_process").spawn("sleep", ["60"]);'
    + 'console.log(process.pid, child.pid); setInterval(() => {}, 1000);';
  for (let i = 0; i < 2; i++) await run(process.execPath, ["-e", parent], { limitMs: 60_000, show: true });
`;

/** False for a process that has ended, even when nobody has collected its exit code yet. */
function isAlive(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}

describe("A process group", () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    it(`ends on ${signal} with all that it started, and starts nothing more`, async () => {
      const runner = spawn(process.execPath, ["--input-type=module", "-e", grandparent]);
      let output = "";
      runner.stdout.on("data", (chunk) => {
        output += chunk;
      });
      await once(runner.stdout, "data");
      const pids = output.trim().split(" ").map(Number);
      expect(pids.map(isAlive)).to.deep.equal([true, true]);
      runner.kill(signal);
      const [code] = await once(runner, "exit");
      expect(code).to.equal({ SIGTERM: 143, SIGINT: 130, SIGHUP: 129 }[signal]);
      expect(pids.map(isAlive)).to.deep.equal([false, false]);
      expect(output.trim().split("\n")).to.have.length(1);
    });
  }

  it("is ended when it runs longer than its limit", async () => {
    const ending = await run(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { limitMs: 500 });
    expect(ending).to.include({ code: null, signal: "SIGTERM" });
    expect(ending.stopped).to.match(/^it ran longer than/);
  });

  it("takes along what its first process left behind", async () => {
    const leaver =
      'const child = require("child_process").spawn("sleep", ["60"]); console.log(child.pid); child.unref();';
    const { code, output } = await run(process.execPath, ["-e", `${leaver} process.exit(3)`], { limitMs: 10_000 });
    expect(code).to.equal(3);
    expect(isAlive(Number(output))).to.equal(false);
  });
});
