import { expect } from "chai";
import { linkedBytecode, readArtifact } from "../../scripts/devnet/artifact.ts";

describe("a contract's bytecode", () => {
  const artifact = {
    abi: [],
    bytecode: `0x6000${"_".repeat(40)}6001${"_".repeat(40)}`,
    linkReferences: {
      "a.sol": { First: [{ start: 2, length: 20 }] },
      "b.sol": { Second: [{ start: 24, length: 20 }] },
    },
  };
  const [first, second] = [`0x${"aB".repeat(20)}`, `0x${"12".repeat(20)}`];

  it("gets the addresses of its libraries in their places", () => {
    const linked = linkedBytecode(artifact, { First: first, Second: second, Third: first });
    expect(linked).to.equal(`0x6000${"ab".repeat(20)}6001${"12".repeat(20)}`);
  });

  it("is not used with a library missing, whose name the refusal says", () => {
    expect(() => linkedBytecode(artifact, { First: first })).to.throw(RangeError, "Second");
  });

  it("needs the epochs' library in the Exchange, and nothing in the token", () => {
    expect(() => linkedBytecode(readArtifact("Exchange.sol/Exchange"), {})).to.throw(RangeError, "Epochs");
    const token = readArtifact("TestDollar.sol/TestDollar");
    expect(linkedBytecode(token, {})).to.equal(token.bytecode);
  });
});
