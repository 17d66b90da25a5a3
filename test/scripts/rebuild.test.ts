import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { startTestChain, type TestChain } from "../chain/test-chain.ts";

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe("The command that rebuilds", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "clearbook-rebuild-"));
  const output = join(folder, "rebuilt.jsonl");
  let chain: TestChain;

  before(async () => {
    chain = await startTestChain();
  });

  after(async () => {
    await chain.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function run(...args: string[]): Promise<Ended> {
    const { rpcUrl, exchange } = chain.deployment;
    const place = ["--disable-warning=ExperimentalWarning", "scripts/rebuild.ts", "--rpc", rpcUrl, "--output", output];
    const named = args.includes("--exchange") ? [] : ["--exchange", exchange];
    return new Promise((resolve) => {
      execFile(process.execPath, [...place, ...named, ...args], (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
    });
  }

  it("writes a file, goes on from it, and refuses one that was changed until it is told to begin again", async () => {
    const first = await run();
    expect(first.err).to.match(/rebuilding █+ 100 % · block \d+ of \d+ · batch 0/);
    expect(first.out).to.contain("✓ 0 batches up to block");
    expect(first.out).to.contain("1 entries of the L1 queue are in no batch yet");
    const again = await run();
    expect(again.out).to.contain("has everything up to block");
    writeFileSync(output, readFileSync(output, "utf8").replace('"queueLength":1', '"queueLength":2'));
    const refused = await run();
    expect(refused).to.deep.equal({
      code: 1,
      out: "",
      err: `${output} cannot be gone on from: it is not whole, or was changed. Name another file, or pass --from-scratch.\n`,
    });
    expect((await run("--from-scratch")).out).to.contain("✓ 0 batches up to block");
  });

  it("says in one sentence that there is no contract", async () => {
    const nowhere = `0x${"12".repeat(20)}`;
    const { code, err } = await run("--exchange", nowhere);
    expect(code).to.equal(1);
    expect(err).to.match(new RegExp(`^There is no contract at ${nowhere} on http://127.0.0.1:\\d+\\.\n$`));
  });
});
