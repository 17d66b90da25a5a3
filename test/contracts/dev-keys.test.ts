import { readFileSync } from "node:fs";
import { expect } from "chai";
import { network } from "hardhat";
import { DEV_CHAIN_IDS } from "../../matcher/protocol/spec.ts";
import { deployEpochSources } from "./epoch-sources.ts";
import { deployExchange } from "./linked-exchange.ts";

const FOREIGN_CHAIN_IDS = [1, 10, 8453, 42161, 11155111];

async function onChain(chainId: number) {
  const connection = await network.create({ override: { chainId } });
  const { ethers } = connection;
  const owner = await ethers.provider.getSigner(0);
  const insecure = await ethers.deployContract("ExpectedInputsVerifier", [true]);
  const sound = await ethers.deployContract("ExpectedInputsVerifier", [false]);
  const token = await ethers.deployContract("TestDollar");
  const deploy = async (verifiers: string[]) => {
    const { addresses } = await deployEpochSources(owner, (name, args) => ethers.deployContract(name, args), [
      owner.address,
    ]);
    return deployExchange(ethers, {
      token: await token.getAddress(),
      ...addresses,
      owner: owner.address,
      operator: owner.address,
      insuranceOwner: owner.address,
      minimumDepositMicroUsd: 1n,
      depositCapMicroUsd: 1n,
      requestFeeWei: 0n,
      verifiers,
    });
  };
  return { connection, deploy, insecure: await insecure.getAddress(), sound: await sound.getAddress() };
}

describe("Keys with a known trapdoor", () => {
  for (const chainId of DEV_CHAIN_IDS) {
    it(`may be used on development chain ${chainId}`, async () => {
      const { connection, deploy, insecure } = await onChain(chainId);
      const exchange = await deploy([insecure]);
      expect(await exchange.getFunction("verifierOf")(0)).to.equal(insecure);
      await connection.close();
    });
  }

  for (const chainId of FOREIGN_CHAIN_IDS) {
    it(`are refused on chain ${chainId}, at deployment and later; sound ones are not`, async () => {
      const { connection, deploy, insecure, sound } = await onChain(chainId);
      const exchange = await deploy([sound]);
      await expect(deploy([sound, insecure]))
        .to.be.revertedWithCustomError(exchange, "InsecureDevKeyOnChain")
        .withArgs(chainId);
      await expect(exchange.getFunction("addVerifier")(1, insecure))
        .to.be.revertedWithCustomError(exchange, "InsecureDevKeyOnChain")
        .withArgs(chainId);
      await connection.close();
    });
  }

  it("are allowed on the chains of the spec and no others: one line, written by the generator", () => {
    const source = readFileSync(new URL("../../contracts/generated/Protocol.sol", import.meta.url), "utf8");
    const ids = [...source.matchAll(/chainId == (\d+)/g)].map(([, id]) => Number(id));
    expect(ids).to.deep.equal([...DEV_CHAIN_IDS]);
  });
});
