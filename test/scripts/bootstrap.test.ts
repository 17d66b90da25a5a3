import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect } from "chai";

const root = resolve(import.meta.dirname, "../..");
const bootstrap = resolve(root, "scripts/bootstrap.mjs");

function answer(commandLine: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const options = { cwd: root, env: { ...process.env, ...env }, encoding: "utf8" } as const;
  return spawnSync(process.execPath, [bootstrap, ...commandLine], options);
}

/** A program that says when it is up and which signal it got, and then ends with exit code 7. */
const listener = `
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => { console.log(signal); process.exit(7); });
  console.log("up");
  setInterval(() => {}, 1000);
`;

async function lineOf(child: ChildProcess): Promise<string> {
  const [chunk] = await once(child.stdout ?? child, "data");
  return String(chunk).trim();
}

describe("The bootstrap", () => {
  it("runs a program under Node 24 or newer, with the packages' programs on the PATH, and keeps its exit code", () => {
    expect(Number(answer(["exec", "node", "-p", "process.versions.node.split('.')[0]"]).stdout)).to.be.at.least(24);
    expect(answer(["exec", "--", "mocha", "--version"]).stdout).to.match(/^11\./);
    expect(answer(["exec", "node", "-e", "process.exit(42)"]).status).to.equal(42);
  });

  it("switches Hardhat's telemetry off", () => {
    expect(answer(["exec", "node", "-p", "process.env.HARDHAT_DISABLE_TELEMETRY"]).stdout.trim()).to.equal("true");
  });

  it("refuses an unknown command with one sentence that lists the known ones", () => {
    const { status, stderr } = answer(["strat"]);
    expect(status).to.equal(1);
    expect(stderr).to.match(/^There is no command "strat": choose one of .*\btest\b.*, exec\.\n$/);
  });

  it("refuses a program that is not there, and a cache folder that cannot be written, with one sentence", () => {
    expect(answer(["exec", "no-such-program"])).to.include({
      status: 127,
      stderr: "no-such-program could not be started: it was not found.\n",
    });
    const { status, stderr } = answer(["exec", "node", "-v"], { CLEARBOOK_CACHE: `${bootstrap}/inside-a-file` });
    expect(status).to.equal(1);
    expect(stderr).to.match(/^The cache folder .* cannot be written: set CLEARBOOK_CACHE to one that can\.\n$/);
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`hands ${signal} on to what it runs, and waits for its end`, async () => {
      const child = spawn(process.execPath, [bootstrap, "exec", "node", "-e", listener], { cwd: root });
      expect(await lineOf(child)).to.equal("up");
      child.kill(signal);
      expect(await lineOf(child)).to.equal(signal);
      const [code] = await once(child, "exit");
      expect(code).to.equal(7);
    });
  }

  it("dies of the signal that its program died of", async () => {
    const child = spawn(process.execPath, [bootstrap, "exec", "node", "-e", "process.kill(process.pid, 'SIGKILL')"]);
    const [code, signal] = await once(child, "exit");
    expect({ code, signal }).to.deep.equal({ code: null, signal: "SIGKILL" });
  });
});
