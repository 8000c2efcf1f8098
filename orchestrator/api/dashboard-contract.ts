/** Logging a browser in to the dashboard. */
import { z } from "@hono/zod-openapi";

export const DashboardLink = z
  .object({
    /** Opens the dashboard once; the code stands behind the #, which browsers send nowhere. */
    url: z.string(),
    expiresAt: z.string(),
  })
  .openapi("DashboardLink");
export type DashboardLink = z.infer<typeof DashboardLink>;

export const DashboardLogin = z
  .object({ code: z.string().min(1).max(200) })
  .strict()
  .openapi("DashboardLogin");
export type DashboardLogin = z.infer<typeof DashboardLogin>;

export const DashboardSession = z
  .object({
    /** To be sent as the header `x-longhaul-session` with each request; the cookie is its other half. */
    proof: z.string(),
    expiresAt: z.string(),
  })
  .openapi("DashboardSession");
export type DashboardSession = z.infer<typeof DashboardSession>;

export const DashboardLogout = z.object({ ended: z.boolean() }).openapi("DashboardLogout");
export type DashboardLogout = z.infer<typeof DashboardLogout>;
