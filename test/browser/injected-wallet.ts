import { type BaseWallet, JsonRpcProvider } from "ethers";
import type { Page } from "playwright-core";

/** What a wallet refuses with (EIP-1193). */
interface WalletRefusal {
  readonly code: number;
  readonly message: string;
}

type Answer = { readonly result: unknown } | { readonly refusal: WalletRefusal };

const REJECTED: WalletRefusal = { code: 4001, message: "User rejected the request." };
const UNKNOWN_CHAIN: WalletRefusal = { code: 4902, message: "Unrecognized chain ID." };
/** A chain that is not the exchange's. */
export const OTHER_CHAIN_ID = 1;

const SIGNING = ["eth_requestAccounts", "eth_signTypedData_v4", "eth_sendTransaction", "wallet_addEthereumChain"];

/**
 * A browser wallet: announces itself by EIP-6963, and signs and sends with a real key on a real chain. What its user would do is told by the
 * fields.
 */
export class InjectedWallet {
  readonly key: BaseWallet;
  /** Everything that the page asked for. */
  readonly asked: string[] = [];
  /** The user declines what is asked next. */
  rejectsNext = false;
  /** The user never answers. */
  isSilent = false;
  chainId: number;
  private readonly knownChains: Set<number>;
  private readonly provider: JsonRpcProvider;
  private page: Page | null = null;

  constructor(key: BaseWallet, rpcUrl: string, chain: { exchangeChainId: number; isElsewhere?: boolean }) {
    this.provider = new JsonRpcProvider(rpcUrl, undefined, { cacheTimeout: -1 });
    this.key = key.connect(this.provider) as BaseWallet;
    this.chainId = chain.isElsewhere === true ? OTHER_CHAIN_ID : chain.exchangeChainId;
    this.knownChains = new Set([this.chainId]);
  }

  /** Puts it into a page, before the page loads. */
  async inject(page: Page, name = "Test wallet"): Promise<void> {
    this.page = page;
    await page.exposeFunction("askWallet", (method: string, params: unknown[]) => this.answer(method, params));
    await page.addInitScript((walletName) => {
      type Listener = (...values: unknown[]) => void;
      const listeners = new Map<string, Set<Listener>>();
      const provider = {
        async request({ method, params = [] }: { method: string; params?: unknown[] }) {
          const ask = (globalThis as unknown as { askWallet(method: string, params: unknown[]): Promise<Answer> })
            .askWallet;
          const answer = await ask(method, params);
          if ("refusal" in answer)
            throw Object.assign(new Error(answer.refusal.message), { code: answer.refusal.code });
          return answer.result;
        },
        on(event: string, listener: Listener) {
          listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
        },
        removeListener(event: string, listener: Listener) {
          listeners.get(event)?.delete(listener);
        },
      };
      const info = { uuid: "00000000-0000-4000-8000-000000000001", name: walletName, rdns: "test.wallet", icon: "" };
      const announce = () =>
        dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
      addEventListener("eip6963:requestProvider", announce);
      addEventListener("wallet-event", (event) => {
        const { name: which, value } = (event as CustomEvent).detail;
        for (const listener of listeners.get(which) ?? []) listener(value);
      });
      announce();
    }, name);
  }

  /** The user changes the chain in the wallet itself. */
  async changeChain(chainId: number): Promise<void> {
    this.chainId = chainId;
    this.knownChains.add(chainId);
    await this.emit("chainChanged", `0x${chainId.toString(16)}`);
  }

  async emit(name: string, value: unknown): Promise<void> {
    await this.page?.evaluate((detail) => dispatchEvent(new CustomEvent("wallet-event", { detail })), { name, value });
  }

  close(): void {
    this.provider.destroy();
  }

  private async answer(method: string, params: unknown[]): Promise<Answer> {
    this.asked.push(method);
    if (SIGNING.includes(method)) {
      if (this.isSilent) return new Promise(() => {});
      if (this.rejectsNext) {
        this.rejectsNext = false;
        return { refusal: REJECTED };
      }
    }
    try {
      return await this.act(method, params);
    } catch (error) {
      const inner = (error as { info?: { error?: WalletRefusal } }).info?.error;
      const { message = String(error) } = error as Partial<Error>;
      return { refusal: { ...inner, code: inner?.code ?? -32603, message: inner?.message ?? message } };
    }
  }

  private async act(method: string, params: unknown[]): Promise<Answer> {
    switch (method) {
      case "eth_requestAccounts":
      case "eth_accounts":
        return { result: [this.key.address] };
      case "eth_chainId":
        return { result: `0x${this.chainId.toString(16)}` };
      case "wallet_switchEthereumChain": {
        const wanted = Number((params[0] as { chainId: string }).chainId);
        if (!this.knownChains.has(wanted)) return { refusal: UNKNOWN_CHAIN };
        await this.changeChain(wanted);
        return { result: null };
      }
      case "wallet_addEthereumChain":
        this.knownChains.add(Number((params[0] as { chainId: string }).chainId));
        return { result: null };
      case "eth_signTypedData_v4": {
        const { domain, types, message } = JSON.parse(params[1] as string);
        const { EIP712Domain: _, ...own } = types;
        return { result: await this.key.signTypedData(domain, own, message) };
      }
      case "eth_sendTransaction": {
        const { from: _, gas, ...transaction } = params[0] as Record<string, string>;
        const sent = await this.key.sendTransaction({
          ...transaction,
          ...(gas === undefined ? {} : { gasLimit: gas }),
        });
        return { result: sent.hash };
      }
      default:
        return { result: await this.provider.send(method, params) };
    }
  }
}
