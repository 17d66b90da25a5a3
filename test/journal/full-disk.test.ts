import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { WireError, WireStatus } from "../../matcher/protocol/api-wire.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import type { Market } from "../../matcher/protocol/market.ts";
import { Acknowledgements, recordsLeft } from "../../scripts/crash/acknowledgements.ts";
import { signedOrder, UNSIGNED } from "../../scripts/crash/signed-order.ts";
import { freePort } from "../../scripts/supervisor/ports.ts";
import { BTC_TICKS, order } from "../sequencer/exchange-fixture.ts";

/** Files of the exchange may grow to so many blocks of 512 or 1,024 bytes, as the shell counts; then the system refuses. */
const LIMIT_BLOCKS = 24;

describe("An exchange whose disk is full", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-full-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("stops acknowledging, says why, keeps serving reads, and has lost nothing", async () => {
    const port = await freePort();
    const journal = join(folder, "journal");
    const line = `trap '' XFSZ; ulimit -f ${LIMIT_BLOCKS}; exec "$0" --disable-warning=ExperimentalWarning scripts/crash/journal-server.ts "$1" "$2"`;
    const child = spawn("bash", ["-c", line, process.execPath, journal, String(port)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    try {
      await new Promise<void>((resolve, reject) => {
        child.on("message", () => resolve());
        ended.then(() => reject(new Error("the exchange did not start")));
      });
      const url = `http://127.0.0.1:${port}`;
      const told = new Acknowledgements();
      const market = DEVNET_MARKETS[0]?.market as Market;
      let refusal: { status: number; body: WireError } | undefined;
      for (let n = 1; n < 2_000 && refusal === undefined; n++) {
        const { epochTimeSeconds } = (await (await fetch(`${url}/v1/time`)).json()) as { epochTimeSeconds: number };
        const terms = { account: 1, slot: n % 40, sequence: n * 64, limitPriceTicks: BTC_TICKS - 400 };
        const message = order({ ...terms, expirySeconds: epochTimeSeconds + 3_600 });
        const body = JSON.stringify(signedOrder(message, market, UNSIGNED, `c${n}`));
        const headers = { "content-type": "application/json" };
        const response = await fetch(`${url}/v1/orders`, { method: "POST", body, headers });
        if (response.ok) told.note(message);
        else refusal = { status: response.status, body: (await response.json()) as WireError };
      }
      expect(refusal?.status).to.equal(503);
      expect(refusal?.body).to.include({ code: "HALTED" });
      expect(refusal?.body.detail).to.match(
        /^the exchange has stopped taking commands: \S+commands cannot be written \(EFBIG: file too large, write\)\. Nothing more is acknowledged/,
      );
      // Reads go on, and the status says the same.
      const status = (await (await fetch(`${url}/v1/status`)).json()) as WireStatus;
      expect(status.status).to.equal("halted");
      expect(status.chain.halted).to.match(/cannot be written \(EFBIG/);
      expect((await fetch(`${url}/v1/orderbook/BTC-USD`)).ok).to.equal(true);
      expect(told.count).to.be.greaterThan(10);
      expect(told.faults(journal)).to.deep.equal([]);
      expect([...recordsLeft(journal)].length).to.be.at.least(told.count);
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
  });
});
