import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { History } from "../../../matcher/api/history.ts";
import { openedState, order, signed } from "../../sequencer/exchange-fixture.ts";
import { get, getAs, orderBody, post, type TestApi, testApi, wireSignature } from "../api-fixture.ts";

describe("a history that is behind", () => {
  let dir: string;
  let history: History;
  let api: TestApi;
  let blocker: DatabaseSync;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "history-"));
    const path = join(dir, "history.db");
    history = await History.open({ path, identity: "test", limits: { waitingRowsMax: 20, accountFills: 1 } });
    api = testApi(2, {}, openedState(2), history);
    // Another process that holds the file stands for a disk that takes nothing.
    blocker = new DatabaseSync(path);
    blocker.exec("BEGIN IMMEDIATE");
  });
  afterEach(async () => {
    await api.app.close();
    await history.close();
    if (blocker.isOpen) blocker.close();
    rmSync(dir, { recursive: true });
    expect(api.defects).to.deep.equal([]);
  });

  /** Rests orders one after the other until one is refused. */
  async function restUntilRefused(): Promise<{ rested: number; code: string }> {
    for (let slot = 0; slot < 100; slot++) {
      const body = orderBody({ slot, sequence: slot + 1, limitPriceTicks: 640_000, quantityLots: 100 });
      const { status, body: answer } = await post(api.app, "/v1/orders", body);
      if (status !== 200) return { rested: slot, code: answer.code };
    }
    return { rested: 100, code: "none" };
  }

  it("holds new orders, tells why, lets cancels through, and loses nothing", async () => {
    const { rested, code } = await restUntilRefused();
    expect(rested).to.be.within(18, 21);
    expect(code).to.equal("BACKLOG_FULL");
    const { body: status } = await get(api.app, "/v1/status");
    expect(status.status).to.equal("backlogged");
    expect(status.history).to.deep.include({ isFull: true, trouble: "database is locked" });
    const message = signed({ kind: "cancel", account: 1, slot: 0, sequence: 1 });
    const cancel = { account: 1, slot: 0, sequence: 1, signature: wireSignature(message.signature) };
    expect((await post(api.app, "/v1/cancel", cancel)).status).to.equal(200);
    // The newest are told from memory; what is older has to wait.
    expect((await getAs(api.app, 1, "/v1/orders")).body.orders).to.have.length(rested - 1);
    const older = await getAs(api.app, 1, "/v1/orders?status=all&after=0");
    expect([older.status, older.body.code]).to.deep.equal([503, "HISTORY_UNAVAILABLE"]);
    blocker.exec("ROLLBACK");
    blocker.close();
    let written = false;
    for (let ask = 0; ask < 200 && !written; ask++) {
      await new Promise((wake) => setTimeout(wake, 20));
      written = !(await get(api.app, "/v1/status")).body.history.isFull;
    }
    expect((await get(api.app, "/v1/status")).body).to.deep.include({ status: "trading" });
    const all = await getAs(api.app, 1, "/v1/orders?status=all&after=0");
    expect(all.body.orders).to.have.length(rested);
    const next = orderBody({ ...order(), slot: 99, sequence: 100, limitPriceTicks: 640_000, quantityLots: 100 });
    expect((await post(api.app, "/v1/orders", next)).status).to.equal(200);
  });
});
