import { keccak256, type TransactionRequest, Wallet } from "ethers";
import type { JsonRpcNode } from "./json-rpc-node.ts";
import type { SentTransactions } from "./sent-transactions.ts";

interface WantedTransaction {
  readonly from: string;
  readonly to?: string | null;
  readonly gas: string;
  readonly nonce: string;
}

export interface SigningProviderOptions {
  readonly node: Pick<JsonRpcNode, "ask">;
  readonly chainId: number;
  readonly privateKey: string;
  /** Where signed transactions are written before they are sent. */
  readonly sent?: SentTransactions;
}

/**
 * A node's JSON-RPC whose transactions of one account are signed here: nodes of real chains keep no keys. Everything else
 * goes to the node as it is.
 */
export class SigningProvider {
  readonly #options: SigningProviderOptions;
  readonly #wallet: Wallet;

  constructor(options: SigningProviderOptions) {
    this.#options = options;
    this.#wallet = new Wallet(options.privateKey);
  }

  get address(): string {
    return this.#wallet.address;
  }

  async request({ method, params }: { method: string; params?: readonly unknown[] | object }): Promise<unknown> {
    const { node, chainId, sent } = this.#options;
    if (method !== "eth_sendTransaction") return node.ask(method, params ?? []);
    const [wanted] = params as [WantedTransaction & TransactionRequest];
    const { from, to, gas, ...rest } = wanted;
    if (from.toLowerCase() !== this.address.toLowerCase()) throw new RangeError(`no key for ${from} is here`);
    const raw = await this.#wallet.signTransaction({ ...rest, to: to ?? null, gasLimit: gas, chainId });
    sent?.add({ nonce: Number(wanted.nonce), hash: keccak256(raw), raw });
    return node.ask("eth_sendRawTransaction", [raw]);
  }
}
