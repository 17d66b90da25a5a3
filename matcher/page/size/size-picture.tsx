import { basisPoints } from "../show/decimal-text.ts";
import type { Expectation } from "./slicing.ts";

const WIDTH = 276;
const HEIGHT = 112;
const FOOT = 16;
const LEFT = 44;
const BAR_MAX = 22;

/** A round number of basis points at or above a value, so that the scale can be read. @param ppm at least one */
function scaleTopPpm(ppm: number): number {
  const power = 10 ** Math.floor(Math.log10(ppm));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= ppm) as number;
}

interface Props {
  atOnce: Expectation;
  sliced: Expectation;
  riskPpm: number | null;
}

/** One bar for sending at once, one for each slice: how much worse than the middle. A line for the mean of the slices, a band for the risk of waiting. */
export function SizePicture({ atOnce, sliced, riskPpm }: Props) {
  const values = [atOnce, ...sliced.slices].map(({ slippagePpmCeil }) => Math.max(0, Number(slippagePpmCeil)));
  const mean = Math.max(0, Number(sliced.slippagePpmCeil));
  const topPpm = scaleTopPpm(Math.max(1, ...values));
  const floor = HEIGHT - FOOT;
  const y = (ppm: number) => floor - (Math.min(ppm, topPpm) / topPpm) * (floor - 6);
  const columns = sliced.slices.length;
  const room = WIDTH - LEFT - 52;
  const pitch = columns === 0 ? room : room / columns;
  const bar = Math.max(1.5, Math.min(BAR_MAX, pitch * 0.66));
  const start = LEFT + 48;
  const text = `At once ${basisPoints(atOnce.slippagePpmCeil)} of slippage; in ${columns} slices ${basisPoints(sliced.slippagePpmCeil)} on the mean${
    riskPpm === null ? "" : `, give or take ${basisPoints(riskPpm)} for the price while it lasts`
  }.`;
  return (
    <svg class="size-picture" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text}>
      {[0, topPpm / 2, topPpm].map((ppm) => (
        <g key={ppm}>
          <line class="grid" x1={LEFT} x2={WIDTH} y1={y(ppm)} y2={y(ppm)} />
          <text x={LEFT - 6} y={y(ppm) + 3.5} text-anchor="end">
            {basisPoints(Math.round(ppm))}
          </text>
        </g>
      ))}
      {riskPpm !== null && columns > 1 && (
        <rect
          class="risk"
          x={start}
          width={WIDTH - start}
          y={y(mean + riskPpm)}
          height={Math.max(0, y(Math.max(0, mean - riskPpm)) - y(mean + riskPpm))}
        />
      )}
      <rect class="at-once" x={LEFT + 12} width={BAR_MAX} y={y(values[0] ?? 0)} height={floor - y(values[0] ?? 0)} />
      {sliced.slices.map(({ slippagePpmCeil, atSeconds }, i) => {
        const top = y(Math.max(0, Number(slippagePpmCeil)));
        return (
          <rect
            class="slice"
            key={atSeconds}
            x={start + i * pitch + (pitch - bar) / 2}
            width={bar}
            y={top}
            height={floor - top}
          />
        );
      })}
      {columns > 1 && <line class="mean" x1={start} x2={WIDTH} y1={y(mean)} y2={y(mean)} />}
      <text x={LEFT + 12 + BAR_MAX / 2} y={HEIGHT - 3} text-anchor="middle">
        at once
      </text>
      <text x={start + (WIDTH - start) / 2} y={HEIGHT - 3} text-anchor="middle">
        in slices, one after the other →
      </text>
    </svg>
  );
}
