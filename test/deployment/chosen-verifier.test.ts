import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readVerificationKey, type VerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import { DEPLOYED_TIERS, deployedTier } from "../../scripts/building/tier-circuits.ts";
import type { CeremonyManifest } from "../../scripts/ceremony/ceremony-manifest.ts";
import { zkeyPathOf } from "../../scripts/ceremony/transcript.ts";
import { ceremonyVerifier, developmentVerifier } from "../../scripts/deployment/chosen-verifier.ts";
import { BUILT_CONTRACTS, type ContractSource } from "../../scripts/deployment/contract-source.ts";
import { ArtifactError } from "../../scripts/devnet/artifact.ts";
import { readVerifierSource } from "../../scripts/verifier/read-verifier.ts";
import { renderVerifier } from "../../scripts/verifier/render-verifier.ts";
import { contractsWith } from "../fixtures/ceremony-contracts.ts";
import { holdSmallCeremony, rewriteJson } from "../fixtures/small-ceremony.ts";
import { SMALL_TIER } from "./deployment-world.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

describe("A verifier that is to be deployed", () => {
  /** What is built, with another text as the source that the small tier's verifier was compiled from. */
  function withSource(change: (text: string) => string): ContractSource {
    return {
      ...BUILT_CONTRACTS,
      compilerRun: (artifact) => {
        const run = BUILT_CONTRACTS.compilerRun(artifact);
        const source = run.input.sources[artifact.inputSourceName]!;
        const sources = { ...run.input.sources, [artifact.inputSourceName]: { content: change(source.content) } };
        return { ...run, input: { ...run.input, sources } };
      },
    };
  }

  describe("on a devnet", () => {
    it("has a sound development key, read out of its source, for each tier", () => {
      for (const tier of DEPLOYED_TIERS) {
        const { key, ceremony } = developmentVerifier(deployedTier(tier), BUILT_CONTRACTS);
        expect(key.nPublic).to.equal(3);
        expect(ceremony).to.equal(undefined);
      }
    });

    it("is refused when its key had no contribution: gamma is delta", () => {
      const untouched = withSource((text) =>
        text.replace(/(DELTA_(\w+)) = \d+;/g, (_, constant: string, coordinate: string) => {
          return `${constant} = ${new RegExp(`GAMMA_${coordinate} = (\\d+);`).exec(text)![1]};`;
        }),
      );
      expect(() => developmentVerifier(SMALL_TIER, untouched)).to.throw(
        /Gamma equals delta: .*anyone can forge proofs/,
      );
    });

    it("is refused when there is more in it than the generator writes", () => {
      const more = withSource((text) => text.replace(/\}\s*$/, "    uint256 public extra;\n}\n"));
      expect(() => developmentVerifier(SMALL_TIER, more)).to.throw(/is not what the generator writes for its key/);
      const less = withSource((text) => text.replace(/.*ALPHA_X = .*\n/, ""));
      expect(() => developmentVerifier(SMALL_TIER, less)).to.throw(/has no ALPHA_X/);
      expect(() =>
        developmentVerifier(
          SMALL_TIER,
          withSource(() => ""),
        ),
      ).to.throw(/has no verifier/);
    });
  });

  describe("where money is", () => {
    let root: string;
    let contracts: ContractSource;
    let verifierPath: string;

    before(async () => {
      root = mkdtempSync(join(tmpdir(), "clearbook-verifier-"));
      ({ verifierPath } = await holdSmallCeremony(root));
      contracts = contractsWith("small", verifierPath);
    });
    after(() => rmSync(root, { recursive: true }));

    const finished = () => join(root, "finished");
    function spoiled(change: (manifest: Writable<CeremonyManifest>) => void): string {
      const copy = mkdtempSync(join(root, "copy-"));
      cpSync(finished(), copy, { recursive: true });
      rewriteJson(join(copy, "small.ceremony.json"), change);
      return copy;
    }

    it("has the key of its tier's ceremony", () => {
      const { key, ceremony, path } = ceremonyVerifier(SMALL_TIER, finished(), contracts);
      expect(path).to.equal("ceremony/SmallCeremonyVerifier.sol/SmallCeremonyVerifier");
      expect(key).to.deep.equal(ceremony!.verificationKey);
      expect(readVerifierSource(readFileSync(verifierPath, "utf8"))).to.deep.equal(key);
    });

    it("is refused without a manifest, and without its contract", () => {
      const missing = () => ceremonyVerifier(SMALL_TIER, join(root, "nowhere"), contracts);
      expect(missing).to.throw(/small\.ceremony\.json is missing: finish the tier's ceremony/);
      expect(() => ceremonyVerifier(SMALL_TIER, finished(), BUILT_CONTRACTS)).to.throw(ArtifactError, "not compiled");
    });

    it("is refused for another tier's circuit, or the same at another optimization", () => {
      const real = deployedTier(SMALL_TIER.tier);
      expect(() => ceremonyVerifier(real, finished(), contracts)).to.throw(
        /not of circuits\/main\/small\.circom at O2/,
      );
      expect(() => ceremonyVerifier({ ...SMALL_TIER, optimization: "O1" }, finished(), contracts)).to.throw(/at O1\.$/);
      const renamed = spoiled((manifest) => (manifest.name = "large"));
      expect(() => ceremonyVerifier(SMALL_TIER, renamed, contracts)).to.throw(/another verifier contract/);
    });

    it("is refused when its key had no contribution, whatever its manifest tells", () => {
      const untouched = readVerificationKey(zkeyPathOf(join(root, "ceremony"), 0));
      const folder = spoiled((manifest) => (manifest.verificationKey = untouched));
      expect(() => ceremonyVerifier(SMALL_TIER, folder, contracts)).to.throw(/Gamma equals delta/);
    });

    it("is refused when it is the public trapdoor's, whatever its manifest tells", () => {
      const { key } = developmentVerifier(SMALL_TIER, BUILT_CONTRACTS);
      const folder = spoiled((manifest) => (manifest.verificationKey = key as VerificationKey));
      expect(() => ceremonyVerifier(SMALL_TIER, folder, contracts)).to.throw(/public development trapdoor/);
    });

    it("is refused when it was compiled from another source than the manifest's", () => {
      const other = readVerificationKey(zkeyPathOf(join(root, "ceremony"), 1));
      const text = renderVerifier({ name: "SmallCeremony", vkey: other, devChainIds: [] });
      const swapped: ContractSource = {
        ...contracts,
        compilerRun: (artifact) => {
          const run = contracts.compilerRun(artifact);
          const sources = { ...run.input.sources, [artifact.inputSourceName]: { content: text } };
          return { ...run, input: { ...run.input, sources } };
        },
      };
      expect(() => ceremonyVerifier(SMALL_TIER, finished(), swapped)).to.throw(
        /^contracts\/ceremony\/SmallCeremonyVerifier\.sol was not compiled from the source that .* names\.$/,
      );
    });
  });
});
