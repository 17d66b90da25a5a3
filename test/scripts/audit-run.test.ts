import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { heldReceiptsFrom, heldReceiptsText } from "../../matcher/protocol/held-receipt.ts";
import type { WireDigests } from "../../matcher/protocol/receipt-wire.ts";
import { ClearbookClient, type OrderTerms } from "../../matcher/sdk/client.ts";
import { ReceiptFile } from "../../matcher/sdk/receipt-file.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { SettledRun, TRADER_KEYS } from "./settled-run.ts";

/** Runs the command as its users do. */
function command(...args: string[]): Promise<{ code: number; output: string }> {
  const line = ["--disable-warning=ExperimentalWarning", "scripts/audit.ts", ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, line, { timeout: 50_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, output: stdout + stderr });
    });
  });
}

const bid: OrderTerms = { market: "BTC-USD", side: "buy", price: "65000.0", size: "0.01" };

/** Everything is real but the proofs: contracts, batches, receipts of an operator who begins to cheat in the middle. */
describe("the command that audits, on a real chain", function () {
  this.timeout(60_000);
  let run: SettledRun;
  let maker: ClearbookClient;
  let taker: ClearbookClient;
  let folder: string;
  let receipts: string;
  let places: string[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "audit-"));
    receipts = join(folder, "receipts.jsonl");
    run = await SettledRun.start(await buildFastPoseidon(), 2);
    await run.epoch(0);
    const store = new ReceiptFile(receipts);
    const nowMs = () => 1_000 * (run.startSeconds + run.second);
    const connect = (at: 0 | 1) =>
      ClearbookClient.connect({
        apiUrl: run.apiUrl,
        key: TRADER_KEYS[at],
        account: run.traders[at]!,
        nowMs,
        receipts: { store },
      });
    [maker, taker] = [await connect(0), await connect(1)];
    const { rpcUrl, exchange } = run.chain.deployment;
    places = ["--receipts", receipts, "--rpc", rpcUrl, "--exchange", exchange, "--first-block", "0"];
    // An honest beginning: an order that is filled, one that is cancelled before anybody takes it.
    await maker.place(bid);
    const { order } = await maker.place({ ...bid, price: "64000.0" });
    await taker.place({ ...bid, side: "sell", timeInForce: "IOC" });
    await maker.cancel(order);
    await run.epoch(20);
    await taker.place({ ...bid, price: "64500.0", clientId: "later" });
    await run.epoch(40);
  });
  after(async () => {
    await run?.close();
    rmSync(folder, { recursive: true });
  });

  it("ends with 0 when everything is as it was acknowledged, and keeps the digests", async () => {
    const digests = join(folder, "digests.json");
    const { code, output } = await command(...places, "--api", run.apiUrl, "--save-digests", digests);
    expect(code, output).to.equal(0);
    expect(output).to.match(/receipts that are valid +5\n/);
    expect(output).to.match(/receipts in their place in the journal +5\n/);
    expect(output).to.match(/of these fixed by a head on L1 +5\n/);
    expect(output).to.contain("✓ Nothing was found.");
    const saved = await command(...places, "--digests", digests);
    expect(saved.code, saved.output).to.equal(0);
    expect(saved.output).to.match(/receipts in their place in the journal +5\n/);
  });

  it("says what L1 alone confirms when the operator does not answer", async () => {
    const { code, output } = await command(...places, "--api", "http://127.0.0.1:1");
    expect(code, output).to.equal(0);
    expect(output).to.contain("! The exchange at http://127.0.0.1:1 does not answer");
    expect(output).to.match(/receipts that L1 alone confirms +[1-5]\n/);
  });

  it("names a receipt that was bent, with the evidence", async () => {
    const [first, ...rest] = heldReceiptsFrom(readFileSync(receipts, "utf8"));
    const bent = { ...first!, receipt: { ...first!.receipt, acceptedAtMs: first!.receipt.acceptedAtMs + 1 } };
    const [path, evidence] = [join(folder, "bent.jsonl"), join(folder, "evidence.json")];
    writeFileSync(path, heldReceiptsText([bent, ...rest]));
    const given = ["--receipts", path, ...places.slice(2), "--api", run.apiUrl, "--evidence", evidence];
    const { code, output } = await command(...given);
    expect(code, output).to.equal(1);
    expect(output).to.match(/✗ The receipt of command \d+ \(account \d+'s order to buy 0.01 BTC-USD at 65000.0, /);
    expect(output).to.contain("✗ 1 findings.");
    expect(JSON.parse(readFileSync(evidence, "utf8")).findings[0].kind).to.equal("invalid");
  });

  it("refuses in one sentence what it cannot read", async () => {
    const broken = join(folder, "broken");
    writeFileSync(broken, "{}\n");
    const cases: [string[], string][] = [
      [["--receipts", join(folder, "absent")], "cannot be read"],
      [["--receipts", broken], "line 1 is no receipt"],
      [["--signer", "me"], '--signer needs an address, not "me".'],
      [["--digests", broken], "holds no digests in a known shape"],
      [["--rpc", "http://127.0.0.1:1"], "No chain answers at http://127.0.0.1:1."],
    ];
    const endings = await Promise.all(cases.map(([args]) => command(...places, "--api", run.apiUrl, ...args)));
    for (const [i, [, sentence]] of cases.entries()) {
      expect(endings[i]!.code).to.equal(1);
      expect(endings[i]!.output.trim().split("\n").at(-1)).to.contain(sentence);
    }
  });

  it("names the fill of an order whose cancel was acknowledged, settled under the very heads of the honest history", async () => {
    const { order } = await maker.place({ ...bid, size: "0.03" });
    await run.epoch(60);
    run.cheat((accepted) => accepted.type === "message" && accepted.message.kind === "cancel");
    await maker.cancel(order);
    await run.epoch(80);
    // In the history that is acknowledged nobody is there any more to trade with.
    const taken = await taker.place({ ...bid, side: "sell", size: "0.02", timeInForce: "IOC" });
    expect(taken.fills).to.deep.equal([]);
    await run.epoch(100);
    const evidence = join(folder, "fill.json");
    const { code, output } = await command(...places, "--api", run.apiUrl, "--evidence", evidence);
    expect(code, output).to.equal(1);
    const fills = `fills 2000 lots of account ${order.account}'s order in slot ${order.slot}, sequence ${order.sequence}`;
    expect(output).to.match(
      new RegExp(`✗ Batch \\d+ \\(transaction 0x[0-9a-f]{64}\\) ${fills}, which was cancelled: `),
    );
    expect(output).to.match(/fills of cancelled orders +1 {2}✗/);
    expect(output).to.contain("✗ 1 findings.");
    const { findings } = JSON.parse(readFileSync(evidence, "utf8"));
    expect(findings[0].published[0].type).to.equal("batch");
    expect(findings[0].receipts.length).to.equal(1);
  });

  it("names a command that the operator then denies, before a journal that is served without it", async () => {
    const reply = await fetch(`${run.apiUrl}/v1/journal/digests?from=1&limit=5000`);
    const all = (await reply.json()) as WireDigests;
    const [denied] = heldReceiptsFrom(readFileSync(receipts, "utf8")).slice(1);
    const saved = join(folder, "denied.json");
    writeFileSync(saved, JSON.stringify({ ...all, digests: all.digests.toSpliced(denied!.receipt.command - 1, 1) }));
    const { code, output } = await command(...places, "--digests", saved);
    expect(code, output).to.equal(1);
    expect(output).to.match(new RegExp(`✗ Command ${denied!.receipt.command} .* was acknowledged and is missing`));
    expect(output).to.match(/✗ The head in epoch 2 \(transaction 0x[0-9a-f]{64}\) is not the journal's/);
  });
});
