import { expect } from "chai";
import { coverageFaults, coverageTable } from "../../scripts/testing/coverage.ts";

const TABLE = `
║ File Path                        │ Line % │ Statement % │ Uncovered Lines ║
║ contracts/Exchange.sol           │ 100.00 │ 100.00      │ -               ║
║ contracts/exchange/Terms.sol     │ 97.83  │ 100.00      │ 117             ║
║ contracts/libraries/Queue.sol    │ 100.00 │ 99.10       │ -               ║
║ contracts/test/TestAggregator.sol │ 0.00   │ 0.00        │ 13, 17, 21      ║
║ Total                            │ 86.08  │ 92.74       │                 ║
`;

describe("coverage of the contracts", () => {
  it("reads Hardhat's table, and asks of no more than the contracts themselves", () => {
    const files = coverageTable(TABLE);
    expect(files.length).to.equal(4);
    expect(coverageFaults(files)).to.deep.equal([
      "contracts/exchange/Terms.sol: lines 97.83 %, statements 100 %; not reached: 117",
      "contracts/libraries/Queue.sol: lines 100 %, statements 99.1 %; not reached: -",
    ]);
  });

  it("fails when the table is another", () => {
    expect(coverageFaults(coverageTable("Coverage: fine"))[0]).to.contain("names no contract");
  });
});
