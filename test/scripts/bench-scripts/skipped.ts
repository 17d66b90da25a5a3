import { reportSkipped } from "../../../scripts/bench/frame/bench-row.ts";

reportSkipped("Something is missing.");
