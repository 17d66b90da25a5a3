import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Child, type ChildMessage, describeEnding } from "../../scripts/supervisor/child.ts";
import { choosePort, freePort, parsePort, portIsFree } from "../../scripts/supervisor/ports.ts";
import { Refusal } from "../../scripts/supervisor/refusal.ts";
import { Supervisor } from "../../scripts/supervisor/supervisor.ts";

const life = new URL("../../scripts/supervisor/child-life.ts", import.meta.url).href;

describe("The supervisor", function () {
  this.timeout(30_000);
  let folder: string;
  const started: Child[] = [];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-supervisor-"));
  });

  after(async () => {
    await Promise.all(started.map((child) => child.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  function script(name: string, source: string): string {
    const path = join(folder, `${name}.mjs`);
    writeFileSync(path, source);
    return path;
  }

  function child(name: string, source: string, lines: string[] = [], graceMs = 2_000): Child {
    const made = new Child({ name, script: script(name, source), onLine: (line) => lines.push(line), graceMs });
    started.push(made);
    return made;
  }

  const isAlive = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  const forever = "setInterval(() => {}, 1000);";

  it("passes lines and messages on", async () => {
    const lines: string[] = [];
    const talker = child(
      "talker",
      "console.log('one'); console.error('two'); process.send({type: 'ready', port: 7});",
      lines,
    );
    expect(await talker.message("ready")).to.deep.equal({ type: "ready", port: 7 });
    await talker.ended.catch(() => {});
    await talker.stop();
    expect(lines.sort()).to.deep.equal(["one", "two"]);
  });

  it("says in one sentence how a child ended, with its last words", async () => {
    const failing = child("prover", "console.error('The disk is full.'); process.exit(3);");
    expect(describeEnding(await failing.ended)).to.equal("The prover ended with exit code 3: The disk is full.");
    const waited = await child("chain", "console.error('no'); process.exit(1);")
      .message("ready")
      .catch((error: Error) => error.message);
    expect(waited).to.equal("The chain ended with exit code 1: no");
  });

  it("kills a child that does not end in time, and what that one started", async () => {
    const grandchild = script("grandchild", forever);
    const source = `
      import { spawn } from "node:child_process";
      process.on("SIGTERM", () => {});
      const inner = spawn(process.execPath, [${JSON.stringify(grandchild)}]);
      process.send({ type: "ready", pid: inner.pid });
      ${forever}`;
    const stubborn = child("stubborn", source, [], 200);
    const { pid } = (await stubborn.message("ready")) as ChildMessage & { pid: number };
    await stubborn.stop();
    expect((await stubborn.ended).signal).to.equal("SIGKILL");
    await new Promise((wake) => setTimeout(wake, 100));
    expect(isAlive(pid)).to.equal(false);
  });

  it("ends a child whose parent is killed", async () => {
    const inner = script(
      "inner",
      `import { endWithParent } from ${JSON.stringify(life)}; endWithParent(async () => {}); ${forever}`,
    );
    const source = `
      import { fork } from "node:child_process";
      const inner = fork(${JSON.stringify(inner)}, [], { detached: true });
      setTimeout(() => process.send({ type: "ready", pid: inner.pid }), 500);
      ${forever}`;
    const parent = child("parent", source);
    const { pid } = (await parent.message("ready")) as ChildMessage & { pid: number };
    expect(isAlive(pid)).to.equal(true);
    parent.kill();
    await parent.ended;
    for (let i = 0; i < 50 && isAlive(pid); i++) await new Promise((wake) => setTimeout(wake, 100));
    expect(isAlive(pid)).to.equal(false);
  });

  it("stops all in reverse order, and reports only the end that nobody asked for", async () => {
    const failures: string[] = [];
    const order: string[] = [];
    const supervisor = new Supervisor((sentence) => failures.push(sentence));
    const source = `import { endWithParent } from ${JSON.stringify(life)}; endWithParent(async () => {}); process.send({type: "ready"}); ${forever}`;
    for (const name of ["chain", "matcher", "bot 1", "bot 2"]) {
      const running = supervisor.start({ name, script: script("service", source), onLine: () => {} });
      started.push(running);
      await running.message("ready");
      running.ended.then(() => order.push(name));
    }
    await supervisor.stop();
    expect(order.slice(0, 2).sort()).to.deep.equal(["bot 1", "bot 2"]);
    expect(order.slice(2)).to.deep.equal(["matcher", "chain"]);
    expect(failures).to.deep.equal([]);
    expect(() => supervisor.start({ name: "late", script: "x", onLine: () => {} })).to.throw(Refusal);
  });

  it("gives up on one that neither starts nor ends", async () => {
    const supervisor = new Supervisor(() => {});
    const options = { name: "matcher", script: script("silent", forever), onLine: () => {}, graceMs: 500 };
    const refusal = await supervisor.startUntil("ready", options, 1_000).catch((error: Error) => error);
    expect(refusal).to.be.instanceOf(Refusal);
    expect((refusal as Refusal).message).to.equal("The matcher did not start within 1 s.");
    await supervisor.stop();
  });

  it("ends a command that failed, whatever it had opened", async () => {
    const refusalModule = new URL("../../scripts/supervisor/refusal.ts", import.meta.url).href;
    const source = `
      import { Refusal, runCommand } from ${JSON.stringify(refusalModule)};
      await runCommand(async () => { ${forever} throw new Refusal("No chain answers."); });`;
    expect(describeEnding(await child("feed", source).ended)).to.equal(
      "The feed ended with exit code 1: No chain answers.",
    );
  });

  it("tells of a death at once", async () => {
    let tell: (sentence: string) => void = () => {};
    const told = new Promise<string>((resolve) => {
      tell = resolve;
    });
    const supervisor = new Supervisor(tell);
    started.push(supervisor.start({ name: "feed", script: script("dying", "process.exit(9)"), onLine: () => {} }));
    expect(await told).to.equal("The feed ended with exit code 9.");
    await supervisor.stop();
  });

  it("goes on without a part that is no loss, and still tells of it", async () => {
    const failures: string[] = [];
    const supervisor = new Supervisor((sentence) => failures.push(sentence));
    const loss = new Promise<string>((onLoss) => {
      const options = { name: "price feed 2", script: script("dying", "process.exit(9)"), onLine: () => {}, onLoss };
      started.push(supervisor.start(options));
    });
    expect(await loss).to.equal("The price feed 2 ended with exit code 9.");
    expect(failures).to.deep.equal([]);
    await supervisor.stop();
  });
});

describe("Ports", () => {
  it("refuses one that is asked for and in use, and goes around one that is only usual", async () => {
    const server = createServer();
    const taken = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    try {
      expect(await portIsFree(taken)).to.equal(false);
      const refusal = await choosePort(taken, 1, "--port").catch((error: Error) => error);
      expect(refusal).to.be.instanceOf(Refusal);
      expect((refusal as Refusal).message).to.equal(
        `Port ${taken} is in use: end what listens there, or pass another --port.`,
      );
      const other = await choosePort(undefined, taken, "--port");
      expect(other).to.not.equal(taken);
      expect(await portIsFree(other)).to.equal(true);
    } finally {
      server.close();
    }
  });

  it("takes what is asked for when it is free", async () => {
    const port = await freePort();
    expect(await choosePort(port, 1, "--port")).to.equal(port);
  });

  it("reads port numbers strictly", () => {
    expect(parsePort(undefined, "--port")).to.equal(undefined);
    expect(parsePort("8080", "--port")).to.equal(8080);
    for (const text of ["65536", "-1", "80a", "", "1e3"]) {
      expect(() => parsePort(text, "--port")).to.throw(
        Refusal,
        `--port needs a port number from 0 to 65535, not "${text}".`,
      );
    }
  });
});
