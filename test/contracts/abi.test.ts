import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { Interface } from "ethers";
import { artifacts } from "hardhat";

const FILE = new URL("../../matcher/protocol/abi.ts", import.meta.url);

/** What the file holds: whole ABI of the contract, and the errors that may come up from contracts that it calls. */
const SOURCES = [
  {
    constant: "EXCHANGE_ABI",
    contract: "Exchange",
    says: "Exchange, with the errors of verifiers, oracle, registry and token, which come up through it.",
    errorsFrom: ["IBatchVerifier", "PriceOracle", "MarketRegistry", "TestDollar"],
  },
  {
    constant: "ESCAPE_ABI",
    contract: "Escape",
    says: "Escape, with the errors of the account tree and the Exchange, which come up through it.",
    errorsFrom: ["AccountTree", "IExchange"],
  },
  { constant: "MARKET_REGISTRY_ABI", contract: "MarketRegistry", says: "MarketRegistry.", errorsFrom: [] },
  { constant: "PRICE_ORACLE_ABI", contract: "PriceOracle", says: "PriceOracle.", errorsFrom: [] },
  {
    constant: "ACCESS_MANAGER_ABI",
    contract: "AccessManager",
    says: "OpenZeppelin's AccessManager, which says who may call functions of governance.",
    errorsFrom: [],
  },
  {
    constant: "TIMELOCK_ABI",
    contract: "TimelockController",
    says: "OpenZeppelin's TimelockController, the AccessManager's admin.",
    errorsFrom: [],
  },
  { constant: "TEST_DOLLAR_ABI", contract: "TestDollar", says: "TestDollar.", errorsFrom: [] },
];

async function fragmentsOf(contract: string): Promise<string[]> {
  const artifact = await artifacts.readArtifact(contract);
  return new Interface(artifact.abi).fragments.map((fragment) => fragment.format("full"));
}

async function render(): Promise<string> {
  const lines = [
    "/**",
    " * Interfaces of the contracts, for ethers. Written by `UPDATE_SNAPSHOTS=1` and test/contracts/abi.test.ts, which fails when they",
    " * differ from what the compiler says. Units stand in contracts/interfaces.",
    " */",
  ];
  for (const { constant, contract, says, errorsFrom } of SOURCES) {
    const fragments = new Set(await fragmentsOf(contract));
    for (const other of errorsFrom) {
      for (const fragment of await fragmentsOf(other)) if (fragment.startsWith("error ")) fragments.add(fragment);
    }
    const rows = [...fragments].map((fragment) => `  ${JSON.stringify(fragment)},`);
    lines.push("", `/** ${says} */`, `export const ${constant}: readonly string[] = [`, ...rows, "];");
  }
  return `${lines.join("\n")}\n`;
}

describe("matcher/protocol/abi.ts", () => {
  it("says what the compiled contracts say", async () => {
    const expected = await render();
    if (process.env.UPDATE_SNAPSHOTS === "1") writeFileSync(FILE, expected);
    expect(readFileSync(FILE, "utf8")).to.equal(expected);
  });
});
