/** Approvals over HTTP, and the page behind a signed link, which needs no token. */
import { createRoute, z } from "@hono/zod-openapi";
import type { ApprovalLinks } from "../approval-link.ts";
import type { Approvals } from "../approvals.ts";
import { LonghaulError } from "../domain/errors.ts";
import { principalText } from "../domain/principal.ts";
import { ApprovalDecision, ApprovalList, DecisionAnswer } from "./approval-contract.ts";
import { approvalPage, messagePage, pageHeaders } from "./approval-page.ts";
import type { Feature } from "./door-env.ts";
import { IdParameter, jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";

const tags = ["approvals"];

const listRoute = createRoute({
  method: "get",
  path: "/api/approvals",
  operationId: "listApprovals",
  tags,
  summary: "What waits for an approval",
  description: "With executionId all approvals of one execution, decided ones too: who, when, what, through which channel.",
  request: { query: z.object({ executionId: z.uuid().optional() }) },
  responses: { 200: jsonAnswer(ApprovalList, "Pending ones first."), ...refusals() },
});

const decideRoute = createRoute({
  method: "post",
  path: "/api/approvals/{id}",
  operationId: "decideApproval",
  tags,
  summary: "Approve or reject",
  request: { params: IdParameter, body: jsonBody(ApprovalDecision) },
  responses: { 200: jsonAnswer(DecisionAnswer, "Decided; it counts once."), ...refusals(...withBody, 404, 409) },
});

export type ApprovalRouteOptions = { approvals: Approvals; links: ApprovalLinks; now(): number };

export function approvalRoutes({ approvals, links, now }: ApprovalRouteOptions): Feature {
  return (app) => {
    app.openapi(listRoute, async (c) => c.json({ approvals: await approvals.list(c.req.valid("query").executionId) }, 200));
    app.openapi(decideRoute, async (c) => {
      const decision = c.req.valid("json");
      return c.json(
        await approvals.decide(c.req.valid("param").id, decision, principalText(c.get("principal")), decision.channel ?? "api"),
        200,
      );
    });
    app.get("/approve/:ticket", async (c) => {
      const claims = links.read(c.req.param("ticket"), now());
      if (claims === undefined) return c.body(gone, 403, pageHeaders);
      return c.body(approvalPage(await approvals.approval(claims.id)), 200, pageHeaders);
    });
    app.post("/approve/:ticket", async (c) => {
      const claims = links.read(c.req.param("ticket"), now());
      if (claims === undefined) return c.body(gone, 403, pageHeaders);
      const form = await c.req.parseBody();
      const decision = form["decision"];
      if (decision !== "approve" && decision !== "reject")
        return c.body(messagePage("Nothing was decided", "Use one of the two buttons."), 400, pageHeaders);
      const note = typeof form["note"] === "string" && form["note"].trim() !== "" ? form["note"].slice(0, 2000) : undefined;
      try {
        const given = { decision, digest: claims.digest, ...(note === undefined ? {} : { note }) } as const;
        const { status } = await approvals.decide(claims.id, given, "whoever had the link", "link");
        return c.body(messagePage(status === "approved" ? "Approved" : "Rejected", "You can close this page."), 200, pageHeaders);
      } catch (error) {
        if (!(error instanceof LonghaulError)) throw error;
        return c.body(messagePage("Not possible any more", error.message), 410, pageHeaders);
      }
    });
  };
}

const gone = messagePage("This link is not valid", "It was changed, has ended, or was made by another orchestrator.");
