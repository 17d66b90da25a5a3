import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { SectionFile, SectionFileError } from "../../matcher/prover/setup/section-file.ts";
import { readVerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import { buildFixture } from "./fixture-circuit.ts";

/** A word, as these files write it. */
function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function section(type: number, content: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(content.length));
  return Buffer.concat([word(type), length, Buffer.from(content)]);
}

describe("a file of sections", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-sections-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function open(bytes: Buffer): SectionFile {
    const path = join(folder, "some.zkey");
    writeFileSync(path, bytes);
    return new SectionFile(path, "zkey");
  }
  const start = (sections: number) => Buffer.concat([Buffer.from("zkey"), word(1), word(sections)]);

  it("gives each section, or its beginning", () => {
    const file = open(Buffer.concat([start(2), section(3, "abc"), section(1, "")]));
    expect(Buffer.from(file.read(3)).toString()).to.equal("abc");
    expect(Buffer.from(file.read(3, 2)).toString()).to.equal("ab");
    expect(file.read(1)).to.have.length(0);
    expect(() => file.read(2)).to.throw(SectionFileError, "has no section 2");
    expect(() => file.read(3, 4)).to.throw(SectionFileError, "section 3 is cut short");
    file.close();
  });

  it("refuses a section that stands twice, since programs differ in which one counts", () => {
    expect(() => open(Buffer.concat([start(2), section(3, "abc"), section(3, "abd")]))).to.throw("has section 3 twice");
  });

  it("refuses another kind, and a file that ends inside its directory", () => {
    expect(() => open(Buffer.from("wtns00000000"))).to.throw(SectionFileError, "is not a zkey file");
    expect(() => open(start(1))).to.throw(SectionFileError, "is cut short");
    expect(() => open(Buffer.from("zk"))).to.throw(SectionFileError, "is cut short");
  });

  it("gives no key out of one that is cut", async () => {
    const { zkeyPath } = (await buildFixture()).key!;
    const bytes = readFileSync(zkeyPath);
    const path = join(folder, "cut.zkey");
    for (const length of [11, 30, 400, 900]) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(() => readVerificationKey(path), `${length} bytes`).to.throw(SectionFileError);
    }
  });
});
