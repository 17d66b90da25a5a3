import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Wallet } from "ethers";
import { KeyRing, type KeyRingOptions } from "../../matcher/ops/key-ring.ts";
import { KEY_ROLES, keyVariable } from "../../matcher/ops/key-role.ts";
import { Keystore } from "../../matcher/ops/keystore.ts";
import { KeyRefused } from "../../matcher/ops/private-file.ts";
import { Secrets } from "../../matcher/ops/secrets.ts";
import { devnetKeys, ORACLE_ROLES, writeKeys } from "../../scripts/devnet/wallets.ts";
import { run } from "../../scripts/testing/process-group.ts";

const KEY = `0x${"b7".repeat(32)}`;
const OTHER_KEY = `0x${"c8".repeat(32)}`;
const PASSWORD = "correct horse";
/** Enough for a file that tests throw away. */
const SCRYPT_N = 1_024;

describe("Keys", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-keys-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const at = (name: string) => join(folder, name);
  const keystore = (allowOpen = false) => new Keystore({ folder: at("keystore"), allowOpen, scryptN: SCRYPT_N });
  const ring = (change: Partial<KeyRingOptions> = {}) =>
    new KeyRing({ keys: at("keys.json"), allowOpenKeyFiles: false, env: {}, ...change });

  function refusal(act: () => unknown): string {
    try {
      act();
    } catch (error) {
      expect(error).to.be.instanceOf(KeyRefused);
      return (error as Error).message.replaceAll(`${folder}/`, "");
    }
    throw new Error("it was taken");
  }

  describe("in a keystore", () => {
    it("come back under their password, as any wallet of Ethereum would read them", () => {
      expect(keystore().create("operator", PASSWORD, KEY)).to.equal(new Wallet(KEY).address);
      expect(keystore().privateKey("operator", PASSWORD)).to.equal(KEY);
      const text = readFileSync(keystore().pathOf("operator"), "utf8");
      expect(Wallet.fromEncryptedJsonSync(text, PASSWORD).privateKey).to.equal(KEY);
      expect(text).to.not.contain(KEY.slice(2));
      expect(JSON.parse(text)).to.include({ version: 3 });
    });

    it("are made at random when none is given", () => {
      const made = ["operator", "receipts"].map((role) => keystore().create(role as "operator", PASSWORD));
      expect(new Set(made).size).to.equal(2);
      expect(
        keystore()
          .list()
          .map(({ role, address }) => [role, address]),
      ).to.deep.equal([
        ["operator", made[0]],
        ["receipts", made[1]],
      ]);
    });

    it("lie in files that only their owner reads", () => {
      keystore().create("operator", PASSWORD, KEY);
      expect(statSync(at("keystore")).mode & 0o777).to.equal(0o700);
      expect(statSync(keystore().pathOf("operator")).mode & 0o777).to.equal(0o600);
    });

    it("are not opened by another password, nor overwritten, nor opened when damaged", () => {
      keystore().create("operator", PASSWORD, KEY);
      expect(refusal(() => keystore().privateKey("operator", `${PASSWORD}!`))).to.equal(
        "The keystore file keystore/operator.json does not open: the password is wrong, or it is damaged.",
      );
      expect(refusal(() => keystore().create("operator", PASSWORD, OTHER_KEY))).to.match(/already: rotate it/);
      expect(keystore().privateKey("operator", PASSWORD)).to.equal(KEY);
      writeFileSync(keystore().pathOf("operator"), "{}");
      expect(refusal(() => keystore().privateKey("operator", PASSWORD))).to.match(
        /is no keystore file of version 3\.$/,
      );
      expect(refusal(() => keystore().privateKey("receipts", PASSWORD))).to.match(
        /^The keystore file keystore\/receipts\.json is missing: make one with npm run keys -- create receipts/,
      );
    });

    it("are rotated, and the old one is kept under its address", () => {
      keystore().create("operator", PASSWORD, KEY);
      expect(refusal(() => keystore().rotate("operator", PASSWORD, KEY))).to.equal(
        "The new key for operator is the one that is there.",
      );
      const { before, now } = keystore().rotate("operator", PASSWORD, OTHER_KEY);
      expect([before, now]).to.deep.equal([new Wallet(KEY).address, new Wallet(OTHER_KEY).address]);
      expect(keystore().privateKey("operator", PASSWORD)).to.equal(OTHER_KEY);
      expect(readdirSync(at("keystore"))).to.have.members(["operator.json", `operator.${before}.json`]);
      expect(keystore().list()).to.have.length(1);
      expect(refusal(() => keystore().rotate("receipts", PASSWORD))).to.match(/receipts\.json is missing/);
    });

    it("are refused when group or others may read them, at every bit, unless that is allowed", () => {
      keystore().create("operator", PASSWORD, KEY);
      for (let bit = 1; bit < 0o100; bit <<= 1) {
        chmodSync(keystore().pathOf("operator"), 0o600 | bit);
        expect(
          refusal(() => keystore().privateKey("operator", PASSWORD)),
          bit.toString(8),
        ).to.match(/is open to others \(mode 06\d\d\): run chmod 600/);
      }
      expect(keystore(true).privateKey("operator", PASSWORD)).to.equal(KEY);
      chmodSync(keystore().pathOf("operator"), 0o400);
      expect(keystore().privateKey("operator", PASSWORD)).to.equal(KEY);
    });
  });

  describe("on a ring", () => {
    const sources = () => {
      writeKeys(at("keys.json"), devnetKeys());
      keystore().create("operator", PASSWORD, KEY);
      writeFileSync(at("password"), `${PASSWORD}\nsecond line\n`, { mode: 0o600 });
      return { keystore: at("keystore"), keystorePasswordFile: at("password") };
    };

    it("are looked for in the environment, then in the keystore, then in the plain file", () => {
      const files = sources();
      const env = { [keyVariable("operator")]: OTHER_KEY };
      expect(ring({ ...files, env }).privateKey("operator")).to.equal(OTHER_KEY);
      expect(ring(files).privateKey("operator")).to.equal(KEY);
      expect(ring().privateKey("operator")).to.equal(devnetKeys().operator);
      const said = { CLEARBOOK_KEYSTORE_PASSWORD: PASSWORD };
      expect(ring({ keystore: at("keystore"), env: said }).privateKey("operator")).to.equal(KEY);
    });

    it("do not fall back to plain keys once a keystore is named", () => {
      expect(refusal(() => ring(sources()).privateKey("receipts"))).to.match(/receipts\.json is missing/);
    });

    it("leave the environment that other processes inherit", () => {
      const env = {
        PATH: "/x",
        CLEARBOOK_OPERATOR_KEY: KEY,
        CLEARBOOK_RECEIPTS_KEY: OTHER_KEY,
        CLEARBOOK_KEYSTORE_PASSWORD: PASSWORD,
        CLEARBOOK_PORT: "1",
      };
      const held = ring({ env });
      expect(env).to.deep.equal({ PATH: "/x", CLEARBOOK_PORT: "1" });
      expect(held.privateKey("receipts")).to.equal(OTHER_KEY);
    });

    it("are refused in sentences that never say a key", () => {
      const { keystore: store } = sources();
      expect(refusal(() => ring({ keystore: store }).privateKey("operator"))).to.equal(
        "The keystore needs a password: name yours with --keystore-password-file, or set CLEARBOOK_KEYSTORE_PASSWORD.",
      );
      const bad = refusal(() => ring({ env: { CLEARBOOK_OPERATOR_KEY: KEY.slice(0, -1) } }).privateKey("operator"));
      expect(bad).to.equal("CLEARBOOK_OPERATOR_KEY needs a private key: 0x and 64 hexadecimal digits.");
      writeFileSync(at("keys.json"), `{"operator": "${KEY}0"}`);
      const damaged = refusal(() => ring().privateKey("operator"));
      expect(damaged).to.match(/^The key file keys\.json has no usable "operator" key/);
      writeFileSync(at("keys.json"), KEY);
      expect(refusal(() => ring().privateKey("operator"))).to.not.contain(KEY.slice(2));
      chmodSync(at("password"), 0o640);
      const open = { keystore: store, keystorePasswordFile: at("password") };
      expect(refusal(() => ring(open).privateKey("operator"))).to.match(
        /^The password file password is open to others/,
      );
      expect(ring({ ...open, allowOpenKeyFiles: true }).privateKey("operator")).to.equal(KEY);
    });

    it("become known to whoever takes secrets out of lines", () => {
      const secrets = new Secrets();
      const { privateKey } = { privateKey: ring({ ...sources(), secrets }).privateKey("operator") };
      const line = `boom ${privateKey} ${privateKey.slice(2).toUpperCase()} ${PASSWORD} ${OTHER_KEY}`;
      expect(secrets.scrubbed(line)).to.equal(`boom 0x[redacted] [redacted] [redacted] ${OTHER_KEY}`);
    });
  });

  it("of a devnet are written for their owner alone, over an open file, too, and each role has its own", () => {
    writeFileSync(at("keys.json"), "{}", { mode: 0o644 });
    writeKeys(at("keys.json"), devnetKeys());
    expect(statSync(at("keys.json")).mode & 0o777).to.equal(0o600);
    const keys = Object.keys(KEY_ROLES).map((role) => devnetKeys()[role as keyof typeof KEY_ROLES]);
    expect(new Set(keys).size).to.equal(keys.length);
    expect(Object.keys(KEY_ROLES)).to.include.members([...ORACLE_ROLES, "operator", "receipts"]);
  });

  it("are made, listed and rotated on the command line, which shows addresses only", async function () {
    this.timeout(60_000);
    writeFileSync(at("password"), PASSWORD, { mode: 0o600 });
    const env = { ...process.env, [keyVariable("operator")]: KEY, CLEARBOOK_KEYSTORE_PASSWORD: PASSWORD };
    const keys = async (...args: string[]) => {
      const options = ["--keystore", at("keystore")];
      const result = await run(process.execPath, ["--no-warnings", "scripts/keys.ts", ...args, ...options], {
        limitMs: 30_000,
        env,
      });
      expect(result.output.toLowerCase()).to.not.contain(KEY.slice(2));
      expect(result.output).to.not.contain(PASSWORD);
      return { code: result.code, output: result.output.trim() };
    };
    const address = new Wallet(KEY).address;
    expect(await keys("list")).to.deep.include({ code: 1 });
    const created = await keys("create", "operator", "--from-environment");
    expect(created).to.deep.equal({ code: 0, output: `operator ${address} in ${keystore().pathOf("operator")}` });
    const rotated = await keys("rotate", "operator", "--keystore-password-file", at("password"));
    expect(rotated.output).to.match(
      new RegExp(`^operator 0x\\w{40} in the place of ${address}; next: role operatorNaming names`),
    );
    expect((await keys("list")).output).to.equal(
      `operator ${/^operator (0x\w{40})/.exec(rotated.output)?.[1]} in ${keystore().pathOf("operator")}`,
    );
    expect(await keys("create", "treasurer")).to.deep.equal({
      code: 1,
      output: 'There is no role "treasurer": there are operator, receipts, oracleSigner, oracleSigner2, oracleSigner3.',
    });
  });
});
