import { createRequire } from "node:module";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatEthersChaiMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import hardhatMocha from "@nomicfoundation/hardhat-mocha";
import { defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);

/** Where scripts/testing/coverage.ts has its instrumented contracts built, apart from those that everything else runs. */
const built = process.env.CLEARBOOK_COVERAGE_FOLDER ?? ".";
/** scripts/contract-mutants.ts: all mutants are in one code, which is too large then, and no optimizer may see through their selector. */
const mutants = process.env.CLEARBOOK_MUTANTS !== undefined;

/**
 * `default` is the EVM of unit tests: one block per transaction. `devnet` is the chain that `npm start` serves: the
 * interval keeps time moving without traffic, equal timestamps keep it from running ahead of the wall clock under
 * load, and a revert reaches ethers as a failed receipt instead of an unknown error.
 */
export default defineConfig({
  plugins: [hardhatEthers, hardhatEthersChaiMatchers, hardhatMocha],
  solidity: {
    profiles: {
      default: {
        version: "0.8.37",
        // The compiler comes from npm, so that a build reaches no host but the package registry.
        path: require.resolve("solc/soljson.js"),
        settings: { optimizer: { enabled: !mutants, runs: 200 } },
      },
    },
  },
  networks: {
    default: {
      type: "edr-simulated",
      chainId: 31337,
      allowBlocksWithSameTimestamp: true,
      allowUnlimitedContractSize: mutants,
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
