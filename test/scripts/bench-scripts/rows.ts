import { reportRows } from "../../../scripts/bench/frame/bench-row.ts";

console.log("measuring");
reportRows([{ figure: "f", value: 1, unit: "u", better: "lower" }]);
