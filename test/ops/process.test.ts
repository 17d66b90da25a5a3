import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type ClientRequest, request } from "node:http";
import { expect } from "chai";
import { journalRecordFromBytes } from "../../matcher/sequencer/command-bytes.ts";
import { recordsLeft } from "../../scripts/crash/acknowledgements.ts";
import { run } from "../../scripts/testing/process-group.ts";
import { eventually } from "../chain/test-chain.ts";
import { RunningMatcher } from "./running-matcher.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** Metrics of the runbook's table. */
function documentedMetrics(): string[] {
  const rows = readFileSync("docs/runbook.md", "utf8").matchAll(/^\| `(clearbook_\w+)` \|/gm);
  return [...rows].map(([, name]) => name as string);
}

/** Orders that the journal has, as slot/sequence. */
function journaledOrders(path: string): string[] {
  return [...recordsLeft(path)].flatMap((bytes) => {
    const { command } = journalRecordFromBytes(bytes);
    if (command.type !== "message" || command.message.kind !== "order") return [];
    return [`${command.message.slot}/${command.message.sequence}`];
  });
}

describe("The matcher as a process", function () {
  this.timeout(60_000);
  let matcher: RunningMatcher;
  let account: number;

  before(async () => {
    matcher = await RunningMatcher.prepare();
    await matcher.start("journal");
  });

  after(() => matcher.close());

  it("is alive but not ready before the first epoch, and says why, on both ports", async () => {
    for (const url of [matcher.url, matcher.operatorUrl]) {
      const { status, body } = await matcher.get("/health", url);
      expect(status).to.equal(200);
      expect(body).to.include({ status: "alive" });
      const ready = await matcher.get("/ready", url);
      expect(ready.status).to.equal(503);
      expect(ready.body).to.deep.equal({
        ready: false,
        reasons: [{ part: "epoch", reason: "No epoch is in force yet." }],
      });
    }
  });

  it("is ready once an epoch is in force", async () => {
    await matcher.openEpoch();
    account = await matcher.registerTrader();
    for (const url of [matcher.url, matcher.operatorUrl]) {
      expect(await matcher.get("/ready", url)).to.deep.include({ status: 200, body: { ready: true, reasons: [] } });
    }
  });

  it("shows metrics on the operator's port only, exactly those of the runbook, and counts orders in them", async () => {
    const place = async (body: string) => {
      return (await fetch(`${matcher.url}/v1/orders`, { method: "POST", body, headers: JSON_TYPE })).status;
    };
    expect(await place(matcher.order(account).body)).to.equal(200);
    expect(await place(matcher.order(account).body)).to.equal(200);
    const { body } = matcher.order(account);
    expect(await place(body.replace(/"sequence":\d+/, '"sequence":12800'))).to.equal(401);
    expect((await matcher.get("/metrics")).status).to.equal(404);
    const { status, text } = await matcher.get("/metrics", matcher.operatorUrl);
    expect(status).to.equal(200);
    const shown = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name]) => name);
    expect(shown.sort()).to.deep.equal(documentedMetrics().sort());
    const value = (line: string) => {
      const found = text.split("\n").find((candidate) => candidate.startsWith(`${line} `));
      return found === undefined ? undefined : Number(found.slice(line.length + 1));
    };
    expect(value('clearbook_order_seconds_count{stage="acknowledge"}')).to.equal(2);
    expect(value('clearbook_order_seconds_count{stage="verify"}')).to.equal(2);
    expect(value('clearbook_order_seconds_bucket{stage="journal",le="+Inf"}')).to.equal(2);
    expect(value('clearbook_commands_total{kind="order"}')).to.equal(2);
    expect(value('clearbook_refusals_total{code="WRONG_SIGNATURE"}')).to.equal(1);
    expect(value('clearbook_http_responses_total{class="4xx"}')).to.be.at.least(1);
    expect(value("clearbook_fsync_seconds_count")).to.be.greaterThan(0);
    expect(value("clearbook_ready")).to.equal(1);
    expect(value("clearbook_open_orders")).to.equal(2);
    expect(value("clearbook_epoch_number")).to.equal(1);
    expect(value('clearbook_open_interest_lots{market="BTC-USD"}')).to.equal(0);
    expect(value("clearbook_settlement_halted")).to.equal(0);
    expect(text.match(/^clearbook_oracle_report_age_seconds\{/gm)).to.have.length(3);
  });

  it("finishes what it acknowledged when it is told to end under load: every 2xx is in the journal", async () => {
    const orders = Array.from({ length: 600 }, () => matcher.order(account));
    const answers: { id: string; status: number; code: string | undefined }[] = [];
    let next = 0;
    const sender = async () => {
      for (;;) {
        const order = orders[next++];
        if (order === undefined) return;
        const id = `${order.slot}/${order.sequence}`;
        try {
          const answer = await fetch(`${matcher.url}/v1/orders`, {
            method: "POST",
            body: order.body,
            headers: JSON_TYPE,
          });
          const { code } = (await answer.json()) as { code?: string };
          answers.push({ id, status: answer.status, code });
          // It is being stopped while all this goes on.
          if (answers.length === 150) matcher.signal("SIGTERM");
        } catch {
          // The door is closed: whether the order was taken, nobody was told.
          return;
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, sender));
    expect(await matcher.ended(), matcher.output).to.equal(0);
    const acknowledged = answers.filter(({ status }) => status === 200);
    expect(acknowledged.length).to.be.at.least(150);
    const journaled = new Set(journaledOrders(matcher.at("journal")));
    expect(acknowledged.filter(({ id }) => !journaled.has(id))).to.deep.equal([]);
    const others = answers.filter(({ status }) => status !== 200);
    expect(new Set(others.map(({ status, code }) => `${status} ${code}`)).size).to.be.at.most(1);
    for (const { status, code } of others) expect([status, code]).to.deep.equal([503, "SHUTTING_DOWN"]);
    const sentences = matcher.log.map(({ msg }) => String(msg));
    expect(sentences).to.include("stopping: SIGTERM");
    expect(sentences.some((sentence) => sentence.startsWith("finished; 0 batches"))).to.equal(true);
    expect(matcher.log.find(({ msg }) => String(msg).startsWith("finished"))).to.include({ allAnswered: true });
  });

  it("logs JSON with level, time and component, nothing per order, and no secret", () => {
    for (const line of matcher.log) {
      expect(line).to.include.keys("level", "time", "component", "msg");
      expect(["debug", "info", "warn", "error"]).to.include(line.level);
    }
    expect(matcher.output.split("\n").filter((line) => line !== "" && !line.startsWith("{"))).to.deep.equal([]);
    expect(matcher.log.length).to.be.lessThan(20);
    for (const secret of matcher.secrets) expect(matcher.output.toLowerCase()).to.not.contain(secret);
  });

  it("shows its keys nowhere: not in its arguments, its pages, its configuration", async () => {
    await matcher.start("journal");
    await eventually("the epoch that the journal has", async () => {
      return (await matcher.get("/ready")).status === 200 ? true : undefined;
    });
    const argv = execFileSync("ps", ["-ww", "-o", "args=", "-p", `${matcher.processId}`], { encoding: "utf8" });
    const { output: printed } = await run(
      process.execPath,
      ["--no-warnings", "matcher/main.ts", "--keystore", matcher.at("keystore"), "--print-config"],
      { limitMs: 30_000, env: { CLEARBOOK_OPERATOR_KEY: `0x${matcher.secrets[0]}`, CLEARBOOK_KEYSTORE_PASSWORD: "x" } },
    );
    expect(argv).to.contain("--keystore");
    expect(printed).to.match(/^operatorKey +\[redacted\] +CLEARBOOK_OPERATOR_KEY$/m);
    const pages = await Promise.all([
      matcher.get("/v1/status"),
      matcher.get("/ready"),
      matcher.get("/metrics", matcher.operatorUrl),
      matcher.get("/health"),
    ]);
    const seen = [argv, printed, matcher.output, ...pages.map(({ text }) => text)].join("\n").toLowerCase();
    for (const secret of matcher.secrets) expect(seen).to.not.contain(secret.toLowerCase());
  });

  it("refuses commands while one is still being answered, is not ready, serves reads, and ends when that one is done", async () => {
    const slow = await unfinishedCommand();
    matcher.signal("SIGTERM");
    await eventually("the end of readiness", async () => {
      return (await matcher.get("/ready")).status === 503 ? true : undefined;
    });
    expect((await matcher.get("/ready", matcher.operatorUrl)).body).to.deep.equal({
      ready: false,
      reasons: [{ part: "shutdown", reason: "The exchange is being stopped." }],
    });
    expect((await matcher.get("/v1/time")).status).to.equal(200);
    expect((await matcher.get("/health")).status).to.equal(200);
    const refused = await fetch(`${matcher.url}/v1/orders`, { method: "POST", body: "{}", headers: JSON_TYPE });
    expect(refused.status).to.equal(503);
    expect(refused.headers.get("retry-after")).to.match(/^\d+$/);
    expect(await refused.json()).to.include({ code: "SHUTTING_DOWN" });
    slow.destroy();
    expect(await matcher.ended(), matcher.output).to.equal(0);
  });

  it("ends at once at a second signal, with another exit code", async () => {
    await matcher.start("journal");
    const slow = await unfinishedCommand();
    matcher.signal("SIGTERM");
    // What a terminal and npm pass on together is one wish.
    matcher.signal("SIGTERM");
    await new Promise((wake) => setTimeout(wake, 700));
    expect((await matcher.get("/health")).status).to.equal(200);
    matcher.signal("SIGTERM");
    expect(await matcher.ended(), matcher.output).to.equal(1);
    expect(matcher.log.map(({ msg }) => msg)).to.include("SIGTERM again: ends at once");
    slow.destroy();
  });

  /** A command whose body does not come: it is being answered until it is cut off. */
  async function unfinishedCommand(): Promise<ClientRequest> {
    const { port } = new URL(matcher.url);
    const headers = { ...JSON_TYPE, "content-length": 100, expect: "100-continue" };
    const slow = request({ host: "127.0.0.1", port, method: "POST", path: "/v1/orders", headers });
    slow.on("error", () => {});
    slow.flushHeaders();
    // The server has the request once it asks for the body.
    await new Promise<void>((resolve) => slow.once("continue", resolve));
    return slow;
  }
});
