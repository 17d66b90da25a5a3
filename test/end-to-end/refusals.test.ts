import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Contract, computeAddress, Wallet } from "ethers";
import { RecordLog } from "../../matcher/journal/record-log.ts";
import { EXCHANGE_ABI } from "../../matcher/protocol/abi.ts";
import { devnetKeys, writeKeys } from "../../scripts/devnet/wallets.ts";
import { run } from "../../scripts/testing/process-group.ts";
import { startTestChain, type TestChain } from "../chain/test-chain.ts";
import { DEPLOYER_KEY, ownAddress, separateParameters } from "../deployment/deployment-world.ts";
import { IDENTITY } from "../journal/identity.ts";

/** Everything that keeps a process from starting: one clear sentence, a non-zero exit, nothing left running. */
describe("Processes that cannot start", function () {
  this.timeout(120_000);
  let chain: TestChain;
  let folder: string;
  const at = (name: string) => join(folder, name);

  before(async () => {
    chain = await startTestChain();
    folder = mkdtempSync(join(tmpdir(), "clearbook-refusals-"));
    writeFileSync(at("deployment.json"), JSON.stringify(chain.deployment));
    writeKeys(at("keys.json"), devnetKeys());
  });

  after(async () => {
    await chain.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function refusalOf(script: string, ...args: string[]): Promise<string> {
    const { code, output, stopped } = await run(process.execPath, ["--no-warnings", script, ...args], {
      limitMs: 60_000,
    });
    expect(stopped, output).to.equal(undefined);
    expect(code, output).to.equal(1);
    const lines = output.trim().split("\n");
    expect(lines, output).to.have.length(1);
    return lines[0]!.replaceAll(`${folder}/`, "");
  }

  const matcher = (change: Record<string, string> = {}) => {
    const options: Record<string, string> = { deployment: at("deployment.json"), keys: at("keys.json"), ...change };
    return refusalOf("matcher/main.ts", ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]));
  };

  function deployment(name: string, change: Record<string, unknown>): string {
    writeFileSync(at(name), JSON.stringify({ ...chain.deployment, ...change }));
    return at(name);
  }

  it("matcher: no deployment, a damaged one, another chain's, an earlier run's", async () => {
    expect(await matcher({ deployment: at("nowhere.json") })).to.equal(
      "nowhere.json is missing: deploy the contracts first.",
    );
    writeFileSync(at("cut.json"), "{");
    expect(await matcher({ deployment: at("cut.json") })).to.match(/^cut\.json is damaged \(.+\): deploy again\.$/);
    const other = deployment("other.json", { chainId: 1337 });
    expect(await matcher({ deployment: other })).to.match(
      /^The chain at \S+ has the id 31337, but 1337 is expected\.$/,
    );
    const earlier = deployment("earlier.json", { exchange: `0x${"9".repeat(40)}` });
    expect(await matcher({ deployment: earlier })).to.match(
      /^There is no contract at 0x9+: the deployment belongs to another chain/,
    );
    const gone = deployment("gone.json", { rpcUrl: "http://127.0.0.1:9" });
    expect(await matcher({ deployment: gone })).to.match(/^No chain answers at http:\/\/127\.0\.0\.1:9 \(.+\)\.$/);
  });

  it("matcher: no key file, a damaged one, another operator's key", async () => {
    expect(await matcher({ keys: at("none.json") })).to.equal(
      "The key file none.json is missing: deploy first, or name yours with --keys.",
    );
    writeFileSync(at("open.json"), JSON.stringify(devnetKeys()), { mode: 0o644 });
    chmodSync(at("open.json"), 0o644);
    expect(await matcher({ keys: at("open.json") })).to.equal(
      "The key file open.json is open to others (mode 0644): run chmod 600 open.json, or pass --allow-open-key-files.",
    );
    writeFileSync(at("empty.json"), "{}", { mode: 0o600 });
    expect(await matcher({ keys: at("empty.json") })).to.match(
      /^The key file empty\.json has no usable "operator" key/,
    );
    writeKeys(at("swapped.json"), { ...devnetKeys(), operator: devnetKeys().faucet });
    expect(await matcher({ keys: at("swapped.json") })).to.match(
      /^The operator's key is that of 0x\w+, but the Exchange's/,
    );
  });

  it("matcher: the key that the contract knew before its operator was replaced", async () => {
    const keys = devnetKeys();
    const owner = new Contract(chain.deployment.exchange, EXCHANGE_ABI, new Wallet(keys.owner, chain.provider));
    const name = async (key: string) => (await owner.getFunction("setOperator")(computeAddress(key))).wait();
    await name(keys.faucet);
    try {
      expect(await matcher()).to.match(/^The operator's key is that of 0x\w+, but the Exchange's operator is 0x\w+\.$/);
      // The new one gets past it, to the next thing that is wrong.
      writeKeys(at("rotated.json"), { ...keys, operator: keys.faucet });
      const journal = await RecordLog.open({ directory: at("rotated-journal/commands"), identity: IDENTITY });
      await journal.append(new Uint8Array([1, 2, 3]));
      await journal.close();
      const sentence = await matcher({ keys: at("rotated.json"), journal: at("rotated-journal") });
      expect(sentence).to.match(/^rotated-journal\/commands\/00000001\.segment is the journal of Exchange 0x5fbd/);
    } finally {
      await name(keys.operator);
    }
  });

  it("matcher: options that make no sense, another run's journal", async () => {
    expect(await matcher({ "cut-after-ms": "soon" })).to.equal(
      '--cut-after-ms needs a whole number from 0 to 3600000 (ms), not "soon".',
    );
    expect(await matcher({ tiers: "huge" })).to.match(
      /^--tiers needs some of .*small, large, separated by commas, not "huge"\.$/,
    );
    const journal = await RecordLog.open({ directory: at("journal/commands"), identity: IDENTITY });
    await journal.append(new Uint8Array([1, 2, 3]));
    await journal.close();
    expect(await matcher({ journal: at("journal") })).to.match(
      /^journal\/commands\/00000001\.segment is the journal of Exchange 0x5fbd\w+ on chain 31337: name another folder\.$/,
    );
  });

  it("feed: no key file, no deployment", async () => {
    const door = ["--matcher", "http://127.0.0.1:9"];
    expect(await refusalOf("scripts/feed.ts", ...door, "--deployment", at("nowhere.json"))).to.match(
      /^nowhere\.json is missing/,
    );
    const here = ["--deployment", at("deployment.json")];
    expect(await refusalOf("scripts/feed.ts", ...door, ...here, "--keys", at("none.json"))).to.match(
      /^The key file none\.json is missing/,
    );
    const refusals: [string[], RegExp][] = [
      [["--period", "0"], /^--period needs a whole number from 1/],
      [["--signer", "4"], /^--signer needs 1 … 3, not 4/],
      [["--source", "tea leaves"], /^There is no source "tea leaves"/],
      [["--source", "http"], /^--source http needs --source-config with a file/],
      [["--source-config", at("none.json")], /^The configuration none\.json cannot be read/],
    ];
    for (const [args, sentence] of refusals) {
      expect(await refusalOf("scripts/feed.ts", ...door, ...here, ...args), args.join(" ")).to.match(sentence);
    }
  });

  it("deployment: another chain than the one named, none at all", async () => {
    const url = chain.deployment.rpcUrl;
    expect(await refusalOf("scripts/deploy.ts", "--rpc-url", url, "--chain-id", "1337", "--out", folder)).to.match(
      /has the id 31337, but 1337 is expected\.$/,
    );
    expect(await refusalOf("scripts/deploy.ts", "--rpc-url", "http://127.0.0.1:9", "--out", folder)).to.match(
      /^No chain answers/,
    );
  });

  it("deployment: everybody's keys elsewhere, no such profile, no manifest of a ceremony", async () => {
    writeFileSync(at("parameters.json"), JSON.stringify(separateParameters(ownAddress(90))));
    writeFileSync(at("deployer.key"), DEPLOYER_KEY);
    const files = ["--parameters", at("parameters.json"), "--deployer-key-file", at("deployer.key")];
    const live = ["--profile", "production", "--rpc-url", "http://127.0.0.1:9", "--chain-id", "1", ...files];
    const refusals: [string[], RegExp][] = [
      [["--chain-id", "1"], /^Chain 1 is no development chain \(31337, 1337\)/],
      [["--profile", "mainnet"], /^There is no profile "mainnet": choose devnet, testnet, production\.$/],
      [live, /needs the manifest of the ceremony of tier small: pass --ceremonies\.$/],
    ];
    for (const [args, sentence] of refusals) {
      expect(await refusalOf("scripts/deploy.ts", "--out", folder, ...args), args.join(" ")).to.match(sentence);
    }
  });

  it("chain: a port that is in use", async () => {
    const { port } = new URL(chain.deployment.rpcUrl);
    expect(await refusalOf("scripts/chain.ts", "--rpc-port", port)).to.equal(
      `Port ${port} is in use: end what listens there, or pass another --rpc-port.`,
    );
  });
});
