import { type Signer, verifyTypedData } from "ethers";
import { PRICE_REPORT_TYPES, type PriceReport, priceReportDomain } from "../protocol/price-report.ts";

/** Where reports count. */
export interface OracleContext {
  readonly chainId: number;
  /** Address of the PriceOracle. */
  readonly oracle: string;
}

type Unsigned = Omit<PriceReport, "signature">;

function value({ round, timeSeconds, pricesTicks }: Unsigned) {
  return { round, timeSeconds, pricesTicks };
}

export async function signReport(signer: Signer, context: OracleContext, report: Unsigned): Promise<PriceReport> {
  const domain = priceReportDomain(context.chainId, context.oracle);
  const signature = await signer.signTypedData(domain, PRICE_REPORT_TYPES, value(report));
  return { ...report, signature };
}

/** Address that signed a report, checksummed; undefined when the signature is none. */
export function reportSigner(context: OracleContext, report: PriceReport): string | undefined {
  const domain = priceReportDomain(context.chainId, context.oracle);
  try {
    return verifyTypedData(domain, PRICE_REPORT_TYPES, value(report), report.signature);
  } catch {
    return undefined;
  }
}
