import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type DeploymentParameters, readDeploymentParameters } from "../../scripts/deployment/deployment-parameters.ts";
import { ownAddress, separateParameters } from "./deployment-world.ts";

describe("The parameters of a deployment", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "clearbook-parameters-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const sound = separateParameters(ownAddress(90));

  function read(content: unknown): DeploymentParameters {
    const path = join(folder, "parameters.json");
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return readDeploymentParameters(path);
  }

  it("are read as they are written, addresses in their checksummed form", () => {
    expect(read(sound)).to.deep.equal(sound);
    expect(read({ ...sound, operator: sound.operator.toLowerCase() })).to.deep.equal(sound);
    const { token: _, ...without } = sound;
    expect(read(without)).to.deep.equal(without);
  });

  it("are refused in one sentence that names the field", () => {
    const { holders, oracleSigners, operator } = sound;
    const { fees: _, ...missing } = holders;
    const swapped = operator
      .replace(/[a-f]/, (letter) => letter.toUpperCase())
      .replace(/[A-F]$/, (l) => l.toLowerCase());
    const refusals: [unknown, RegExp][] = [
      ["{", /^The parameters .* cannot be read, or are no JSON object\.$/],
      ["[]", /are no JSON object\.$/],
      [{ ...sound, opeartor: operator }, /: there is no parameter opeartor\.$/],
      [{ ...sound, council: "0x12" }, /: council needs an address/],
      [{ ...sound, operator: swapped === operator ? "0x" : swapped }, /: operator needs an address/],
      [{ ...sound, token: 1 }, /: token needs an address/],
      [{ ...sound, oracleSigners: operator }, /: oracleSigners needs a list of addresses\.$/],
      [{ ...sound, oracleSigners: [...oracleSigners, "x"] }, /: oracleSigners\[5\] needs an address/],
      [{ ...sound, holders: null }, /: holders needs an address for each of parameters, markets/],
      [{ ...sound, holders: missing }, /: holders\.fees needs an address/],
      [{ ...sound, provingLagSeconds: 0 }, /: provingLagSeconds needs a whole number of seconds/],
      [{ ...sound, provingLagSeconds: 1.5 }, /: provingLagSeconds needs a whole number of seconds/],
    ];
    for (const [content, sentence] of refusals) expect(() => read(content), String(sentence)).to.throw(sentence);
  });
});
