import { expect } from "chai";
import { TIERS } from "../../matcher/protocol/spec.ts";
import type { CeremonyManifest } from "../../scripts/ceremony/ceremony-manifest.ts";
import type { ChosenVerifier } from "../../scripts/deployment/chosen-verifier.ts";
import { devnetDeploymentParameters } from "../../scripts/deployment/deployment-parameters.ts";
import { DEPLOYMENT_PROFILES, type DeploymentProfile } from "../../scripts/deployment/deployment-profile.ts";
import {
  CODE_SIZE_LIMIT_BYTES,
  type DeploymentFacts,
  deploymentFaults,
} from "../../scripts/deployment/deployment-safety.ts";
import { devnetKeys, devnetWallet } from "../../scripts/devnet/wallets.ts";
import { ownAddress, separateParameters } from "./deployment-world.ts";

const { devnet, testnet, production } = DEPLOYMENT_PROFILES;
const USD_COIN = production.collateral[1]![0]!;
const DAY_SECONDS = 86_400;
/** Chains with money, and one of test money. */
const FOREIGN_CHAINS = [1, 10, 8453, 42161, 11155111];

/** Only whether there was a ceremony is asked here; its manifest is judged where it is read. */
const verifier = { tier: TIERS[0]!, ceremony: {} as CeremonyManifest } as ChosenVerifier;

const sound: DeploymentFacts = {
  profile: production,
  parameters: separateParameters(USD_COIN),
  chainId: 1,
  rpcUrl: "https://rpc.example",
  deployer: ownAddress(0),
  verifiers: [verifier],
  token: { hasCode: true, decimals: 6 },
  codeBytes: [{ name: "Exchange", bytes: CODE_SIZE_LIMIT_BYTES }],
};
const local: DeploymentFacts = {
  ...sound,
  profile: devnet,
  parameters: devnetDeploymentParameters(devnetKeys()),
  chainId: 31337,
  rpcUrl: "http://127.0.0.1:8545",
  deployer: devnetWallet(0).address,
  verifiers: [{ tier: TIERS[0]! } as ChosenVerifier],
};

/** One sentence, and this one. */
function expectFault(change: Partial<DeploymentFacts>, sentence: RegExp, base = sound): void {
  const faults = deploymentFaults({ ...base, ...change });
  expect(faults, faults.join("\n")).to.have.length(1);
  expect(faults[0])
    .to.match(sentence)
    .and.to.match(/^[A-Z0-9].*\.$/);
}

function withGovernance(change: Partial<DeploymentProfile["governance"]>): Partial<DeploymentFacts> {
  return { profile: { ...production, governance: { ...production.governance, ...change } } };
}

describe("What a deployment is refused for", () => {
  it("is nothing when production, testnet and devnet are as they should be", () => {
    expect(deploymentFaults(sound)).to.deep.equal([]);
    expect(deploymentFaults(local)).to.deep.equal([]);
    const token = testnet.collateral[11155111]![0]!;
    const parameters = { ...separateParameters(token), oracleSigners: [3, 4, 5].map(ownAddress) };
    expect(deploymentFaults({ ...sound, profile: testnet, parameters, chainId: 11155111 })).to.deep.equal([]);
  });

  for (const chainId of FOREIGN_CHAINS) {
    it(`are everybody's keys on chain ${chainId}`, () => {
      expectFault({ chainId }, /^Chain \d+ is no development chain \(31337, 1337\): the keys of profile devnet/, local);
    });
  }

  it("are everybody's keys behind an address of another machine", () => {
    for (const host of ["rpc.example", "10.0.0.1", "127.0.0.1.example", "localhost.example", "[::2]"]) {
      expectFault({ rpcUrl: `http://${host}:8545` }, /is not on this machine/, local);
    }
    for (const host of ["localhost", "127.0.0.1", "127.3.2.1", "[::1]"]) {
      expect(deploymentFaults({ ...local, rpcUrl: `http://${host}:8545` }), host).to.deep.equal([]);
    }
  });

  it("is a development key, or no key at all, outside of a devnet", () => {
    const { ceremony: _, ...insecure } = verifier;
    expectFault({ verifiers: [insecure] }, /^Tier test has a development key: anybody can forge its proofs/);
    expectFault({ verifiers: [] }, /^There is no tier to settle batches with/);
  });

  it("is a deadline below ten times the proving lag, by a second", () => {
    const requestDeadlineSeconds = production.governance.requestDeadlineSeconds;
    const lag = (provingLagSeconds: number) => ({ parameters: { ...sound.parameters, provingLagSeconds } });
    expect(deploymentFaults({ ...sound, ...lag(requestDeadlineSeconds / 10) })).to.deep.equal([]);
    expectFault(lag(requestDeadlineSeconds / 10 + 1), /shorter than 10 times the proving lag of 25921 s/);
  });

  it("are delays that let nobody leave in time, an admin without delay, a slow guardian", () => {
    const { delaysSeconds } = production.governance;
    const delays = (change: Partial<typeof delaysSeconds>) =>
      withGovernance({ delaysSeconds: { ...delaysSeconds, ...change } });
    expectFault(withGovernance({ adminDelaySeconds: 0 }), /^The admin waits 0 s/);
    expectFault(delays({ verifiers: 12 * DAY_SECONDS }), /^Role verifiers waits .* not everybody can leave/);
    expect(deploymentFaults({ ...sound, ...delays({ verifiers: 12 * DAY_SECONDS + 1 }) })).to.deep.equal([]);
    expectFault(delays({ operatorNaming: 3 * DAY_SECONDS }), /the exchange would freeze after/);
    expectFault(delays({ parameters: 0 }), /^Role parameters waits for nothing/);
    expectFault(delays({ guardian: 1 }), /^The guardian waits/);
    expectFault(withGovernance({ exitWindowSeconds: 0 }), /^The exit window is empty/);
  });

  it("is a role whose key everybody has", () => {
    const publicAddress = devnetWallet(42).address;
    const change = (parameters: object) => ({ parameters: { ...sound.parameters, ...parameters } });
    expectFault(change({ operator: publicAddress }), /^Everybody has the key of operator 0x/);
    expectFault(change({ council: publicAddress }), /key of council/);
    expectFault(change({ insuranceOwner: publicAddress }), /key of insuranceOwner/);
    expectFault(change({ holders: { ...sound.parameters.holders, fees: publicAddress } }), /key of holders.fees/);
    const oracleSigners = sound.parameters.oracleSigners.with(2, publicAddress);
    expectFault(change({ oracleSigners }), /key of oracleSigners\[2\]/);
    expectFault({ deployer: publicAddress }, /key of deployer/);
  });

  it("are two powers in one hand", () => {
    const { operator, council, holders, oracleSigners } = sound.parameters;
    const change = (parameters: object) => ({ parameters: { ...sound.parameters, ...parameters } });
    expectFault(change({ council: operator }), /^Council and operator are one/);
    expectFault({ deployer: council }, /^The deployer is the council/);
    expectFault(change({ holders: { ...holders, guardian: council } }), /^Guardian and council are one/);
    expectFault(change({ oracleSigners: oracleSigners.with(0, operator.toLowerCase()) }), /^The operator signs prices/);
  });

  it("is a token that is not allow-listed on this chain, none, or one of other decimals", () => {
    const other = { parameters: { ...sound.parameters, token: ownAddress(90) } };
    expectFault(other, /is not among the collateral that profile production allows on chain 1/);
    expectFault({ chainId: 10 }, /is not among the collateral that profile production allows on chain 10/);
    expect(
      deploymentFaults({ ...sound, parameters: { ...sound.parameters, token: USD_COIN.toLowerCase() } }),
    ).to.deep.equal([]);
    const { token: _, ...worthless } = sound.parameters;
    expectFault({ parameters: worthless }, /^Profile production needs a token that is worth something/);
    for (const decimals of [5, 7, 18]) {
      expectFault({ token: { hasCode: true, decimals } }, new RegExp(`has ${decimals} decimals, not 6`));
    }
    expectFault({ token: { hasCode: true } }, /has no decimals, not 6/);
    expectFault({ token: { hasCode: false } }, /^There is no contract at the token's address/);
  });

  it("are too few signers of prices, one twice, or a round that is no majority", () => {
    const signers = (oracleSigners: readonly string[]) => ({ parameters: { ...sound.parameters, oracleSigners } });
    expectFault(signers([3, 4, 5, 6].map(ownAddress)), /^4 sign prices: profile production needs 5/);
    expectFault(signers([3, 4, 5, 6, 7, 7].map(ownAddress)), /^A signer of prices is named twice/);
    expectFault(signers([3, 4, 5, 6, 7, 9].map(ownAddress)), /^A round of 3 reports is no majority of 6 signers/);
  });

  it("is code beyond what chains take, by a byte", () => {
    const codeBytes = [{ name: "Exchange", bytes: CODE_SIZE_LIMIT_BYTES + 1 }];
    expectFault({ codeBytes }, /^Exchange has 24577 bytes of code: chains take 24576/);
  });

  it("is told all at once", () => {
    expect(deploymentFaults({ ...local, chainId: 1, rpcUrl: "http://rpc.example" })).to.have.length(2);
  });
});
