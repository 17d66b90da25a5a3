import { createRequire } from "node:module";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatEthersChaiMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import hardhatMocha from "@nomicfoundation/hardhat-mocha";
import { defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);
const solc = require.resolve("solc/soljson.js");

/** Where scripts/testing/coverage.ts has its instrumented contracts built, apart from those that everything else runs. */
const built = process.env.CLEARBOOK_COVERAGE_FOLDER ?? ".";
/** scripts/contract-mutants.ts: all mutants are in one code, which is too large then, and no optimizer may see through their selector. */
const mutants = process.env.CLEARBOOK_MUTANTS !== undefined;

/** Hashes by the hundred are worth every byte of code that saves gas. */
const hashing = {
  version: "0.8.37",
  path: solc,
  settings: { optimizer: { enabled: !mutants, runs: 1_000_000 } },
};

/**
 * `default` is the EVM of unit tests: one block per transaction. `devnet` is the chain that `npm start` serves: the
 * interval keeps time moving without traffic, equal timestamps keep it from running ahead of the wall clock under
 * load, and a revert reaches ethers as a failed receipt instead of an unknown error.
 */
export default defineConfig({
  plugins: [hardhatEthers, hardhatEthersChaiMatchers, hardhatMocha],
  solidity: {
    // Deployed as they are, byte for byte: who may do what, and when.
    npmFilesToBuild: [
      "@openzeppelin/contracts/access/manager/AccessManager.sol",
      "@openzeppelin/contracts/governance/TimelockController.sol",
    ],
    profiles: {
      default: {
        // The compiler comes from npm, so that a build reaches no host but the package registry.
        compilers: [{ version: "0.8.37", path: solc, settings: { optimizer: { enabled: !mutants, runs: 200 } } }],
        overrides: {
          "contracts/escape/AccountTree.sol": hashing,
          // Deploys the tree, and so has it compiled with its own settings.
          "contracts/escape/Escape.sol": hashing,
        },
      },
    },
  },
  networks: {
    default: {
      type: "edr-simulated",
      chainId: 31337,
      allowBlocksWithSameTimestamp: true,
      // Code that counts what it reaches, or holds all its mutants, is larger than what is deployed.
      allowUnlimitedContractSize: built !== "." || mutants,
    },
    devnet: {
      type: "edr-simulated",
      chainId: 31337,
      mining: { auto: true, interval: 1000 },
      allowBlocksWithSameTimestamp: true,
      throwOnTransactionFailures: false,
    },
  },
  // A handler's call that reverts did nothing, and so would the test.
  test: { mocha: { bail: mutants }, solidity: { invariant: { runs: 128, depth: 32, failOnRevert: true } } },
  paths: {
    sources: "./contracts",
    tests: { mocha: "./test", solidity: "./contracts/test" },
    artifacts: `${built}/artifacts`,
    cache: `${built}/cache`,
  },
});
