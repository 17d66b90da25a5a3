import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { REPOSITORY_ROOT } from "../../scripts/circuits/build-circuit.ts";
import { lockedPackages, UnknownLicence } from "../../scripts/notices/locked-package.ts";
import { NOTICES_FILE, renderNotices, unjudgedLicences } from "../../scripts/notices/third-party-notices.ts";

describe("Third-party notices", () => {
  it("are what the lock and the installed packages say", () => {
    const committed = readFileSync(join(REPOSITORY_ROOT, NOTICES_FILE), "utf8");
    expect(committed === renderNotices(REPOSITORY_ROOT), "stale: run node scripts/notices.ts").to.equal(true);
  });

  it("name every package of the lock, and bring a text for each that is part of Clearbook", () => {
    const text = readFileSync(join(REPOSITORY_ROOT, NOTICES_FILE), "utf8");
    const { packages } = JSON.parse(readFileSync(join(REPOSITORY_ROOT, "package-lock.json"), "utf8")) as {
      packages: Record<string, { version: string }>;
    };
    for (const [path, { version }] of Object.entries(packages)) {
      if (path !== "") expect(text).to.include(`  ${path.replace(/.*node_modules\//, "")} ${version}: `);
    }
    for (const name of ["@openzeppelin/contracts", "fastify", "ethers"]) {
      expect(text.split("3. Texts for")[1], name).to.match(new RegExp(`(^|, )${name} \\d`, "m"));
    }
  });

  it("hold no licence that does not go with this one", () => {
    const packages = lockedPackages(REPOSITORY_ROOT);
    expect(unjudgedLicences(packages)).to.deep.equal([]);
    const proprietary = { ...packages[0]!, licence: "SSPL-1.0" };
    expect(unjudgedLicences([proprietary])).to.have.length(1);
  });

  it("are the licence's own text in LICENSE", () => {
    const { license } = JSON.parse(readFileSync(join(REPOSITORY_ROOT, "package.json"), "utf8")) as { license: string };
    expect(license).to.equal("GPL-3.0-or-later");
    const text = readFileSync(join(REPOSITORY_ROOT, "LICENSE"), "utf8");
    expect(text).to.match(/^\s+GNU GENERAL PUBLIC LICENSE\n\s+Version 3, 29 June 2007/);
    expect(text).to.include("15. Disclaimer of Warranty").and.include("END OF TERMS AND CONDITIONS");
  });

  it("refuse a package that says nothing about its licence", () => {
    const root = mkdtempSync(join(tmpdir(), "clearbook-notices-"));
    const folder = join(root, "node_modules/mute");
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(root, "package-lock.json"),
      JSON.stringify({ packages: { "node_modules/mute": { version: "1" } } }),
    );
    writeFileSync(join(folder, "package.json"), "{}");
    expect(() => lockedPackages(root)).to.throw(UnknownLicence, "mute 1 says nothing");
    rmSync(root, { recursive: true });
  });
});
