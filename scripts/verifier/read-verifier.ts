import { DEV_CHAIN_IDS } from "../../matcher/protocol/spec.ts";
import type { G1Json, G2Json, VerificationKey } from "../../matcher/prover/setup/verification-key.ts";
import { isDevKey } from "../../matcher/prover/setup/verification-key-lint.ts";
import { renderVerifier } from "./render-verifier.ts";

/**
 * The key in the source of a generated verifier. Writing the contract of that key again must give the very same text: so
 * there is nothing in it but the key. @throws RangeError when there is, or when the key is unsound
 */
export function readVerifierSource(source: string): VerificationKey {
  const name = /^contract ([A-Za-z0-9]+)Verifier is /m.exec(source)?.[1];
  if (name === undefined) throw new RangeError("The source has no verifier.");
  const constants = new Map<string, string>();
  for (const [, constant = "", value = ""] of source.matchAll(/uint256 private constant (\w+) = (\d+);/g)) {
    constants.set(constant, value);
  }
  const numberOf = (constant: string) => {
    const value = constants.get(constant);
    if (value === undefined) throw new RangeError(`The verifier ${name} has no ${constant}.`);
    return value;
  };
  const g1 = (point: string): G1Json => [numberOf(`${point}_X`), numberOf(`${point}_Y`), "1"];
  const g2 = (point: string): G2Json => [
    [numberOf(`${point}_X_C0`), numberOf(`${point}_X_C1`)],
    [numberOf(`${point}_Y_C0`), numberOf(`${point}_Y_C1`)],
    ["1", "0"],
  ];
  const points = [...constants.keys()].filter((constant) => /^IC\d+_X$/.test(constant)).length;
  const vkey: VerificationKey = {
    protocol: "groth16",
    curve: "bn128",
    nPublic: points - 1,
    vk_alpha_1: g1("ALPHA"),
    vk_beta_2: g2("BETA"),
    vk_gamma_2: g2("GAMMA"),
    vk_delta_2: g2("DELTA"),
    IC: Array.from({ length: points }, (_, i) => g1(`IC${i}`)),
  };
  const written = renderVerifier({ name, vkey, devChainIds: isDevKey(vkey) ? DEV_CHAIN_IDS : [] });
  if (written !== source) throw new RangeError(`The verifier ${name} is not what the generator writes for its key.`);
  return vkey;
}
