import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { expect } from "chai";
import type { WireFill, WirePlaced, WireStatus } from "../../matcher/protocol/api-wire.ts";
import { eventually } from "../chain/test-chain.ts";

const START_LIMIT_MS = 120_000;

/** `npm start` in a process of its own, with what it printed so far. */
interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  output(): string;
  /** Port of its chain, by which its processes can be told from those of others. */
  rpcPort(): string;
}

describe("npm start", function () {
  this.timeout(START_LIMIT_MS + 60_000);
  const running: Started[] = [];

  function start(...args: string[]): Started {
    const child = spawn(
      process.execPath,
      ["scripts/start.ts", "--no-build", "--port", "0", "--rpc-port", "0", ...args],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
    const started: Started = {
      process: child,
      ended: new Promise((resolve) => child.on("close", resolve)),
      output: () => output,
      rpcPort: () => /chain +http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1] ?? "none",
    };
    running.push(started);
    return started;
  }

  /** Command lines of what is left of it. */
  function leftOvers(started: Started): string[] {
    const all = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
    return all.filter(
      (line) => line.includes(`devnet-${started.rpcPort()}/`) || line.includes(`--rpc-port ${started.rpcPort()}`),
    );
  }

  const said = (started: Started, pattern: RegExp) =>
    eventually(
      String(pattern),
      () => {
        if (started.process.exitCode !== null) throw new Error(started.output());
        return pattern.exec(started.output()) ?? undefined;
      },
      START_LIMIT_MS,
    );

  afterEach(async () => {
    for (const started of running.splice(0)) {
      if (started.process.exitCode === null) started.process.kill("SIGTERM");
      await started.ended;
      rmSync(`build/devnet-${started.rpcPort()}`, { recursive: true, force: true });
    }
  });

  it("is trading soon, answers its status in JSON, and ends cleanly on Ctrl-C", async () => {
    const started = start("--bots", "2");
    const [, url] = await said(started, /status +(\S+)/);
    await said(started, /2 bots trade/);
    const status = await eventually(
      "a fill",
      async () => {
        const answer = (await (await fetch(url as string)).json()) as WireStatus;
        return answer.fills > 0 ? answer : undefined;
      },
      START_LIMIT_MS,
    );
    expect(status.status).to.equal("trading");
    expect(status.epoch.number).to.be.greaterThan(0);
    expect(status.chain).to.include({ chainId: 31337, halted: null });
    expect(status.chain.warning).to.match(/^INSECURE DEVELOPMENT KEYS/);
    expect(started.output()).to.contain("INSECURE DEVELOPMENT KEYS");
    expect(leftOvers(started).length).to.be.at.least(5);
    // One price feed of three is no loss to anybody.
    expect(status.oracle?.signers).to.have.length(3);
    const feed = leftOvers(started).find((line) => line.includes("--signer 2"));
    process.kill(Number(/^ *(\d+)/.exec(feed as string)?.[1]), "SIGKILL");
    await said(started, /✗ The price feed 2 ended by SIGKILL\. The others go on\./);
    const asked = (await (await fetch(url as string)).json()) as WireStatus;
    await eventually(
      "a round of the two others",
      async () => {
        const { oracle } = (await (await fetch(url as string)).json()) as WireStatus;
        return (oracle?.round ?? 0) > (asked.oracle?.round ?? 0) + 4 && oracle?.markets[0]?.prices === 2
          ? true
          : undefined;
      },
      START_LIMIT_MS,
    );
    // A terminal and npm may both pass the same Ctrl-C on.
    started.process.kill("SIGINT");
    started.process.kill("SIGINT");
    expect(await started.ended, started.output()).to.equal(0);
    expect(started.output()).to.match(/stopping …[\s\S]*stopped\n$/);
    expect(leftOvers(started)).to.deep.equal([]);
  });

  it("serves a wallet on the command line: account, deposit, trade, withdrawal once proven, money back on L1", async () => {
    const started = start("--bots", "1");
    const [, api] = await said(started, /API +(\S+)/);
    await said(started, /1 bots trade/);
    const folder = `build/devnet-${started.rpcPort()}`;
    const { exchange } = JSON.parse(readFileSync(`${folder}/urls.json`, "utf8")) as { exchange: string };
    const place = ["--api", api as string, "--rpc", `http://127.0.0.1:${started.rpcPort()}`, "--exchange", exchange];
    const cli = <T>(...args: string[]): T => {
      const wallet = ["--key-file", `${folder}/traders.txt`, "--index", "15", "--json"];
      const out = execFileSync(process.execPath, ["scripts/cli.ts", ...place, ...wallet, ...args], {
        encoding: "utf8",
        timeout: START_LIMIT_MS,
      });
      return JSON.parse(out) as T;
    };
    const { account } = cli<{ account: number }>("register");
    expect(cli<{ account: number }>("deposit", "5000", "--mint")).to.deep.include({ account, amount: "5000" });
    expect(cli<WirePlaced>("place", "BTC-USD", "buy", "0.01").order.reason).to.equal("filled");
    expect(cli<{ paid: string }>("withdraw", "100.25", "--claim").paid).to.equal("100.25");
    expect(cli<WireFill[]>("fills").map(({ size, finality }) => [size, finality.label])).to.deep.equal([
      ["0.01", "proven"],
    ]);
  });

  it("stops all with one sentence and an exit code when a part dies", async () => {
    const started = start("--no-bots");
    await said(started, /epoch 1 in force/);
    const matcher = leftOvers(started).find((line) => line.includes("matcher/main.ts"));
    process.kill(Number(/^ *(\d+)/.exec(matcher as string)?.[1]), "SIGKILL");
    expect(await started.ended).to.equal(1);
    expect(started.output()).to.match(/✗ The matcher ended by SIGKILL\.\n$/);
    expect(leftOvers(started)).to.deep.equal([]);
  });

  it("stops by itself after the time it was given", async () => {
    const started = start("--no-bots", "--for", "1");
    expect(await started.ended, started.output()).to.equal(0);
    expect(leftOvers(started)).to.deep.equal([]);
  });

  it("refuses wrong options in one sentence", async () => {
    for (const [args, sentence] of [
      [["--bots", "many"], '--bots needs a whole number up to 50, not "many".\n'],
      [["--for", "-1"], '--for needs a whole number up to 10000000, not "-1".\n'],
      [["--seed", "x"], '--seed needs a whole number up to 1000000000, not "x".\n'],
    ] as const) {
      const started = start(...args);
      expect(await started.ended).to.equal(1);
      expect(started.output()).to.equal(sentence);
    }
  });
});
