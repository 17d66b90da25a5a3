import { type TransactionRequest, Wallet } from "ethers";

interface JsonRpcAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** What a node refused, as the deployment engine wants to read it: with the revert's bytes. */
class JsonRpcError extends Error {
  override readonly name = "JsonRpcError";
  readonly code: number;
  readonly data: unknown;
  constructor({ code, message, data }: NonNullable<JsonRpcAnswer["error"]>) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

interface SentTransaction {
  readonly from: string;
  readonly to?: string | null;
  readonly gas: string;
}

/**
 * A node's JSON-RPC whose transactions of one account are signed here: nodes of real chains keep no keys. Everything else
 * goes to the node as it is.
 */
export class SigningProvider {
  readonly #rpcUrl: string;
  readonly #chainId: number;
  readonly #wallet: Wallet;
  #nextId = 1;

  constructor(rpcUrl: string, chainId: number, privateKey: string) {
    this.#rpcUrl = rpcUrl;
    this.#chainId = chainId;
    this.#wallet = new Wallet(privateKey);
  }

  get address(): string {
    return this.#wallet.address;
  }

  async request({ method, params }: { method: string; params?: readonly unknown[] | object }): Promise<unknown> {
    if (method !== "eth_sendTransaction") return this.#ask(method, params ?? []);
    const [transaction] = params as [SentTransaction & TransactionRequest];
    const { from, to, gas, ...rest } = transaction;
    if (from.toLowerCase() !== this.address.toLowerCase()) throw new RangeError(`no key for ${from} is here`);
    const signed = await this.#wallet.signTransaction({
      ...rest,
      to: to ?? null,
      gasLimit: gas,
      chainId: this.#chainId,
    });
    return this.#ask("eth_sendRawTransaction", [signed]);
  }

  async #ask(method: string, params: readonly unknown[] | object): Promise<unknown> {
    const response = await fetch(this.#rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: this.#nextId++, method, params }),
    });
    const answer = (await response.json()) as JsonRpcAnswer;
    if (answer.error !== undefined) throw new JsonRpcError(answer.error);
    return answer.result;
  }
}
