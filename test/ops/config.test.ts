import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { configText, type Environment, readConfig } from "../../matcher/ops/config.ts";
import { SETTINGS } from "../../matcher/ops/config-schema.ts";
import { staleFiles } from "../../scripts/generate.ts";

const KEY = `0x${"a1".repeat(32)}`;

describe("the configuration", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-config-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function file(content: unknown): string {
    const path = join(folder, "config.json");
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  function refusal(args: readonly string[], env: Environment = {}): string {
    try {
      readConfig(args, env);
    } catch (error) {
      expect((error as Error).name).to.equal("ConfigRefused");
      return (error as Error).message.replaceAll(`${folder}/`, "");
    }
    throw new Error(`${args.join(" ")} was taken`);
  }

  it("has the defaults of the schema when nothing is said", () => {
    const { config, origins } = readConfig([], {});
    for (const { name, byDefault } of SETTINGS) {
      expect(config[name], name).to.equal(byDefault);
      expect(origins[name]).to.equal("default");
    }
    expect(config).to.include({ tiers: "small,large", confirmations: 2, unprovenRows: 120 });
  });

  it("takes the command line before the environment before the file before the defaults", () => {
    const path = file({ port: 1, operatorPort: 1, provers: 2, cutAfterMs: 7 });
    const env = { CLEARBOOK_CONFIG: path, CLEARBOOK_PORT: "2", CLEARBOOK_OPERATOR_PORT: "2" };
    const { config, origins } = readConfig(["--port", "3", "--provers=4"], env);
    expect(config).to.include({ port: 3, operatorPort: 2, provers: 4, cutAfterMs: 7, confirmations: 2 });
    const { port, operatorPort, provers, cutAfterMs, confirmations } = origins;
    expect([port, operatorPort, provers, confirmations]).to.deep.equal([
      "--port",
      "CLEARBOOK_OPERATOR_PORT",
      "--provers",
      "default",
    ]);
    expect(cutAfterMs).to.equal(`"cutAfterMs" in ${path}`);
    // The flag names the file before the variable does.
    expect(readConfig(["--config", path], { CLEARBOOK_CONFIG: join(folder, "none") }).config.provers).to.equal(2);
  });

  it("takes every whole number at its bounds, and none beyond, from every source", () => {
    for (const { flag, name, variable, kind, minimum = 0, maximum = 0 } of SETTINGS) {
      if (kind !== "whole number") continue;
      for (const value of [minimum, maximum]) {
        expect(readConfig([`${flag}=${value}`], {}).config[name]).to.equal(value);
        expect(readConfig([], { [variable]: `${value}` }).config[name]).to.equal(value);
        expect(readConfig(["--config", file({ [name]: value })], {}).config[name]).to.equal(value);
      }
      const range = `needs a whole number from ${minimum} to ${maximum}`;
      for (const value of [minimum - 1, maximum + 1]) {
        expect(refusal([`${flag}=${value}`])).to.match(new RegExp(`^${flag} ${range}.*, not ${value}\\.$`));
        expect(refusal([], { [variable]: `${value}` })).to.match(new RegExp(`^${variable} ${range}`));
        expect(refusal(["--config", file({ [name]: value })])).to.match(
          new RegExp(`^"${name}" in config\\.json ${range}`),
        );
      }
    }
  });

  it("refuses what is no number, no switch, no choice and no text in one sentence that names the source", () => {
    expect(refusal(["--port", "80.5"])).to.equal('--port needs a whole number from 0 to 65535, not "80.5".');
    expect(refusal(["--port", ""])).to.match(/not ""\.$/);
    expect(refusal(["--port"])).to.equal("--port needs a value after it.");
    expect(refusal(["--log-level", "loud"])).to.equal('--log-level needs one of debug, info, warn, error, not "loud".');
    expect(refusal(["--allow-open-key-files=perhaps"])).to.match(/needs true or false, not "perhaps"\.$/);
    expect(refusal([], { CLEARBOOK_ALLOW_OPEN_KEY_FILES: "" })).to.match(
      /^CLEARBOOK_ALLOW_OPEN_KEY_FILES needs true or/,
    );
    expect(refusal(["--journal="])).to.equal('--journal needs a text that is not empty, not "".');
    expect(refusal(["--config", file({ port: "80" })])).to.match(/^"port" in config\.json needs .*, not "80"\.$/);
    expect(refusal(["--config", file({ port: null })])).to.match(/not null\.$/);
    expect(refusal(["--tiers", "small,small,huge"])).to.match(/^--tiers needs some of .*, not "small,small,huge"\.$/);
  });

  it("turns switches on and off", () => {
    expect(readConfig(["--allow-open-key-files"], {}).config.allowOpenKeyFiles).to.equal(true);
    const env = { CLEARBOOK_ALLOW_OPEN_KEY_FILES: "true" };
    expect(readConfig(["--allow-open-key-files=false"], env).config.allowOpenKeyFiles).to.equal(false);
  });

  it("refuses names that it does not know, from every source, but leaves other programs' variables alone", () => {
    expect(refusal(["--prot", "1"])).to.equal("--prot is no setting: docs/configuration.md has them all.");
    expect(refusal(["8080"])).to.equal('The matcher takes flags only, not "8080".');
    expect(refusal([], { CLEARBOOK_PROT: "1" })).to.match(/^The environment's CLEARBOOK_PROT is no setting/);
    // The signers' keys are the feeds': a matcher that has them could set prices.
    expect(refusal([], { CLEARBOOK_ORACLE_SIGNER_KEY: KEY })).to.match(/CLEARBOOK_ORACLE_SIGNER_KEY is no setting/);
    expect(refusal(["--config", file({ prot: 1 })])).to.equal(
      '"prot" in config.json is no setting: docs/configuration.md has them all.',
    );
    expect(refusal(["--config", file('{"__proto__": {"port": 1}}')])).to.match(
      /"__proto__" in config\.json is no setting/,
    );
    expect(readConfig([], { CLEARBOOK_CACHE: "/x", PATH: "/y", PORT: "z" }).config.port).to.equal(0);
  });

  it("refuses a file that is missing, no JSON or no object", () => {
    expect(refusal(["--config", join(folder, "none.json")])).to.equal(
      "The configuration none.json cannot be read (ENOENT).",
    );
    expect(refusal(["--config", file("{")])).to.equal("The configuration config.json is not JSON.");
    for (const content of [[], null, 3]) {
      expect(refusal(["--config", file(content)])).to.match(/is not a JSON object of settings\.$/);
    }
  });

  it("takes secrets from the environment alone, and never says one", () => {
    const env = { CLEARBOOK_OPERATOR_KEY: KEY, CLEARBOOK_KEYSTORE_PASSWORD: "open sesame" };
    const effective = readConfig([], env);
    expect(effective.config.operatorKey).to.equal(KEY);
    const shown = configText(effective);
    expect(shown).to.match(/^operatorKey +\[redacted\] +CLEARBOOK_OPERATOR_KEY$/m);
    const said = [
      shown,
      refusal(["--operator-key", KEY]),
      refusal(["--config", file({ operatorKey: KEY })]),
      refusal([], { CLEARBOOK_OPERATOR_KEY: KEY.slice(2) }),
      refusal([], { CLEARBOOK_OPERATOR_KEY: `${KEY}00` }),
      // Keys in the wrong place.
      refusal(["--port", KEY]),
      refusal([KEY]),
      refusal([`--${KEY}`]),
      refusal(["--config", KEY]),
      refusal(["--config", file({ [KEY]: 1 })]),
      configText(readConfig(["--journal", KEY], {})),
    ];
    for (const text of said) expect(text.toLowerCase()).to.not.contain(KEY.slice(2, 40));
    expect(said.join("\n")).to.not.contain("sesame");
    expect(said[1]).to.equal(
      "--operator-key is not taken from the command line, which other programs can read: set CLEARBOOK_OPERATOR_KEY, or use a keystore.",
    );
  });

  it("shows every setting with its value and its origin", () => {
    const lines = configText(readConfig(["--port", "8080"], {})).split("\n");
    expect(lines.map((line) => line.split(" ", 1)[0])).to.deep.equal(SETTINGS.map(({ name }) => name));
    expect(lines.find((line) => line.startsWith("port "))).to.match(/^port +8080 +--port$/);
  });

  it("has a page that is fresh and names every setting", () => {
    expect(staleFiles(), "run: node scripts/generate.ts").to.deep.equal([]);
    const page = readFileSync("docs/configuration.md", "utf8");
    for (const { variable } of SETTINGS) expect(page).to.contain(`\`${variable}\``);
  });
});
