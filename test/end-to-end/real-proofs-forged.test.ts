import { expect } from "chai";
import type { OpenedEpoch } from "../../matcher/protocol/epoch-record.ts";
import { domainOf } from "../../matcher/protocol/message-hash.ts";
import { pack } from "../../matcher/protocol/packing.ts";
import { genesisSharedState, sharedStateHash } from "../../matcher/protocol/shared-state.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import { dataLayout, MARKETS, TIERS, type Tier, WITHDRAWAL_WORD } from "../../matcher/protocol/spec.ts";
import { type batchDataOf, sharedStateAfter } from "../../matcher/prover/batch-data.ts";
import { deriveTradingKey } from "../../matcher/sdk/wallet.ts";
import { buildFastPoseidon } from "../../matcher/state/fast-poseidon.ts";
import { verifierName } from "../../scripts/generate.ts";
import { deployEpochSources } from "../contracts/epoch-sources.ts";
import { deployExchange } from "../contracts/linked-exchange.ts";
import { forgedBatch, settle } from "./proven-history.ts";
import { SEED_PRICES_TICKS } from "./random-history.ts";
import { connect, deployReal, mined, perform, type RealExchange, readL1 } from "./real-exchange.ts";

const DEV_CHAIN = 31337;
const MONEY_CHAINS = [1, 10, 8453, 42161, 11155111];
const LARGE = TIERS.find(({ name }) => name === "large") as Tier;
const SAVINGS_MICRO_USD = 1_000_000_000n;

describe("Proofs forged from the development key's public trapdoor", function () {
  this.timeout(120_000);
  let hash: Poseidon;
  let real: RealExchange;
  let thief: string;
  let lie: ReturnType<typeof batchDataOf>;

  before("Alice deposits all she has", async () => {
    hash = await buildFastPoseidon();
    real = await deployReal(await connect(DEV_CHAIN));
    const [alice, other] = real.wallets;
    thief = other!.address;
    const point = await deriveTradingKey(alice!, { chainId: DEV_CHAIN, exchange: real.address });
    const latest = await real.connection.ethers.provider.getBlock("latest");
    await perform(real, [
      { kind: "register", wallet: 0, point },
      { kind: "deposit", wallet: 0, account: 1, amountMicroUsd: SAVINGS_MICRO_USD },
      {
        kind: "epoch",
        timeSeconds: latest!.timestamp,
        pricesTicks: SEED_PRICES_TICKS.map(Number),
        fundingDeltasPicoUsd: new Array(MARKETS).fill(0n),
      },
    ]);
    const { entries, epochs } = await readL1(real);
    const layout = dataLayout(LARGE);
    const bodyWords = new Array<bigint>(layout.length - layout.withdrawals).fill(0n);
    bodyWords[0] = pack(WITHDRAWAL_WORD, { owner: BigInt(thief), amountMicroUsd: SAVINGS_MICRO_USD });
    // Nobody signed anything, no row is there, the root is invented: no witness exists.
    lie = {
      tier: LARGE,
      domain: domainOf(DEV_CHAIN, real.address),
      sharedState: genesisSharedState(),
      epoch: epochs[0] as OpenedEpoch,
      queue: entries,
      newRoot: 666n,
      journalHead: 0n,
      fundingDigest: 0n,
      feeDeltaPicoUsd: 0n,
      insuranceSpentAfterPicoUsd: 0n,
      grossOpenInterestAfterLots: new Array(MARKETS).fill(0n),
      bodyWords,
    };
  });
  after(() => real.connection.close());

  it("DANGER: ARE ACCEPTED ON A DEVELOPMENT CHAIN, where anybody can take the whole pool: never put money behind these keys", async () => {
    await settle(real, forgedBatch(lie, real, hash));
    expect(await real.exchange.sharedStateHash.staticCall()).to.equal(sharedStateHash(sharedStateAfter(lie)));
    await mined(real.exchange.claim(thief));
    expect(await real.token.balanceOf.staticCall(thief)).to.equal(SAVINGS_MICRO_USD);
    expect(await real.token.balanceOf.staticCall(real.address)).to.equal(0n);
  });

  for (const chainId of MONEY_CHAINS) {
    it(`are refused on chain ${chainId}: the verifiers cannot be deployed there, nor called, nor given to an Exchange`, async () => {
      const connection = await connect(chainId);
      const { ethers } = connection;
      const [owner] = await ethers.getSigners();
      for (const tier of TIERS.filter(({ name }) => name !== "test")) {
        const factory = await ethers.getContractFactory(verifierName(tier));
        await expect(factory.deploy())
          .to.be.revertedWithCustomError(factory, "InsecureDevKeyOnChain")
          .withArgs(chainId);
      }
      // A fork of the development chain under another id has the code already.
      const code = await real.connection.ethers.provider.getCode(real.verifiers[LARGE.id] as string);
      const address = `0x${"c0de".repeat(10)}`;
      await ethers.provider.send("hardhat_setCode", [address, code]);
      const verifier = await ethers.getContractAt(verifierName(LARGE), address);
      const { commitment, proof } = forgedBatch(lie, { chainId, address: real.address }, hash);
      await expect(verifier.getFunction("verifyBatch").staticCall(proof.a, proof.b, proof.c, [commitment, 1n, 1n]))
        .to.be.revertedWithCustomError(verifier, "InsecureDevKeyOnChain")
        .withArgs(chainId);
      const token = await ethers.deployContract("TestDollar");
      const deploy = (name: string, args: unknown[]) => ethers.deployContract(name, args);
      const { addresses } = await deployEpochSources(owner!, deploy, [owner!.address]);
      const exchange = await deployExchange(ethers, {
        token: await token.getAddress(),
        ...addresses,
        owner: owner!.address,
        operator: owner!.address,
        insuranceOwner: owner!.address,
        minimumDepositMicroUsd: 1n,
        depositCapMicroUsd: 1n,
        requestFeeWei: 0n,
        verifiers: [],
      });
      await expect(exchange.getFunction("addVerifier")(LARGE.id, address))
        .to.be.revertedWithCustomError(exchange, "InsecureDevKeyOnChain")
        .withArgs(chainId);
      await connection.close();
    });
  }
});
