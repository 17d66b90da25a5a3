import { secp256k1 } from "@noble/curves/secp256k1.js";
import {
  AbstractSigner,
  computeAddress,
  getBytes,
  hexlify,
  type Provider,
  type TypedDataDomain,
  TypedDataEncoder,
  type TypedDataField,
} from "ethers";

/** A wallet with valid ECDSA signatures over fresh nonces, as some hardware and threshold wallets have. It only signs typed data. */
export class RandomNonceSigner extends AbstractSigner {
  readonly #privateKey: string;

  constructor(privateKey: string) {
    super();
    this.#privateKey = privateKey;
  }

  async getAddress(): Promise<string> {
    return computeAddress(this.#privateKey);
  }

  connect(_provider: Provider | null): RandomNonceSigner {
    return this;
  }

  async signTransaction(): Promise<string> {
    throw new Error("signs no transactions");
  }

  async signMessage(): Promise<string> {
    throw new Error("signs no messages");
  }

  async signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
  ): Promise<string> {
    const digest = getBytes(TypedDataEncoder.hash(domain, types, value));
    const recovered = secp256k1.sign(digest, getBytes(this.#privateKey), {
      prehash: false,
      extraEntropy: true,
      format: "recovered",
    });
    return hexlify(recovered.slice(1)) + (27 + (recovered[0] as number)).toString(16);
  }
}
