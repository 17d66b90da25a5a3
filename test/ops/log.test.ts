import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createLog } from "../../matcher/ops/log.ts";
import { Secrets } from "../../matcher/ops/secrets.ts";
import { readLogLine } from "../../scripts/supervisor/log-line.ts";

const KEY = `0x${"d9".repeat(32)}`;

describe("The log", () => {
  it("is one JSON object a line, from its level on, with the component and what belongs to it", () => {
    const lines: string[] = [];
    const log = createLog({ level: "warn", write: (line) => lines.push(line) }).child({ component: "settlement" });
    log.info("nothing");
    log.warn({ batchNumber: 3 }, "batch 3 is late");
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/^[^\n]+\n$/);
    const { time, ...rest } = JSON.parse(lines[0] as string) as { time: string };
    expect(rest).to.deep.equal({ level: "warn", component: "settlement", batchNumber: 3, msg: "batch 3 is late" });
    expect(new Date(time).toISOString()).to.equal(time);
  });

  it("holds no secret that the process knows, not even in an error of somebody else's", () => {
    const lines: string[] = [];
    const secrets = new Secrets();
    secrets.add(KEY);
    secrets.add("open sesame");
    const log = createLog({ level: "info", secrets, write: (line) => lines.push(line) });
    log.error(
      { err: new Error(`invalid argument (value="${KEY}")`), wallet: { privateKey: KEY } },
      `key ${KEY.slice(2)}`,
    );
    log.info(`open sesame ${KEY.toUpperCase()}`);
    const all = lines.join("").toLowerCase();
    expect(all).to.not.contain(KEY.slice(2));
    expect(all).to.not.contain("sesame");
    expect(all.match(/\[redacted\]/g)?.length).to.be.at.least(5);
    // Still JSON, every line.
    for (const line of lines) JSON.parse(line);
  });

  it("is added to a file when one is named", () => {
    const folder = mkdtempSync(join(tmpdir(), "clearbook-log-"));
    try {
      const file = join(folder, "logs", "matcher.log");
      createLog({ level: "info", file }).info("one");
      createLog({ level: "info", file }).info("two");
      const said = readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).msg as string);
      expect(said).to.deep.equal(["one", "two"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is read out to people: sentences of warnings and errors, and lines that are none as they are", () => {
    const lines: string[] = [];
    const log = createLog({ level: "debug", write: (line) => lines.push(line.trim()) });
    log.info("all is well");
    log.error({ batchNumber: 1 }, "HALTED: so it is.");
    expect(lines.map(readLogLine)).to.deep.equal([
      { text: "all is well", isComplaint: false },
      { text: "HALTED: so it is.", isComplaint: true },
    ]);
    for (const line of ["The key file x is missing.", "{", '{"level":"info"', "    at Object.<anonymous>"]) {
      expect(readLogLine(line)).to.deep.equal({ text: line, isComplaint: true });
    }
  });
});
