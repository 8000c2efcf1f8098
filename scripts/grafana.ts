/** Writes the dashboards of grafana/ from their description. Run it after a change: `node scripts/grafana.ts`; a test says when that was forgotten. */
import { writeFileSync } from "node:fs";
import { dashboards } from "./grafana-dashboards.ts";
import { dashboardJson } from "./grafana-panels.ts";

for (const dashboard of dashboards) {
  const file = new URL(`../grafana/dashboards/${dashboard.uid}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(dashboardJson(dashboard), null, 2)}\n`);
}
