/** The page behind a signed link: shows what is approved; only its buttons decide. No script, nothing from elsewhere. Pure. */
import type { Approval } from "./approval-contract.ts";

export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "same-origin",
  "x-frame-options": "DENY",
};

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
@media(prefers-color-scheme:dark){body{color:#eee;background:#151515}pre{background:#222!important}}
pre{background:#f3f3f3;padding:.75rem;overflow-x:auto;white-space:pre-wrap;border-radius:.4rem}
button{font:inherit;padding:.7rem 1.4rem;border-radius:.4rem;border:0;color:#fff;cursor:pointer}
.yes{background:#156c2f}.no{background:#a1260d}form{display:flex;gap:1rem;flex-wrap:wrap;margin:1.5rem 0}
input{font:inherit;flex:1 1 100%;padding:.5rem}small{opacity:.75}`;

export function approvalPage(approval: Approval): string {
  const { subject } = approval;
  const { unlocks, results, detail, workspace, commit, tree } = subject;
  const parts = [
    `<h1>${escape(approval.title)}</h1><p>${escape(approval.executionTitle)}, task ${escape(approval.taskId)}</p>`,
    unlocks.length === 0
      ? "<p>The execution ends with this approval.</p>"
      : `<h2>Goes ahead</h2>${unlocks.map((one) => `<p><b>${escape(one.title)}</b></p><pre>${escape(one.does)}</pre>`).join("")}`,
    results.length === 0
      ? ""
      : `<h2>Done before it</h2>${results.map((one) => `<p><b>${escape(one.id)}</b></p><pre>${escape(one.summary ?? "")}</pre>`).join("")}`,
    detail === null || detail === undefined ? "" : `<h2>Details</h2><pre>${escape(JSON.stringify(detail, null, 2))}</pre>`,
    `<p><small>Workspace ${escape(workspace)}, commit ${escape(commit ?? "none")}, files ${escape(tree ?? "none")} (those that git ignores are not part of it).<br>Bound to ${escape(approval.digest)}; ends ${escape(approval.expiresAt)}.</small></p>`,
    approval.status === "pending"
      ? `<form method="post"><input name="note" maxlength="2000" placeholder="Note (optional)" aria-label="Note"><button class="yes" name="decision" value="approve">Approve</button><button class="no" name="decision" value="reject">Reject</button></form>`
      : `<p><b>This was ${escape(approval.status)}${approval.decidedAt === null ? "" : ` on ${escape(approval.decidedAt)} by ${escape(approval.decidedBy ?? "somebody")}`}.</b></p>`,
  ];
  return page(approval.title, parts.join("\n"));
}

export const messagePage = (title: string, text: string): string =>
  page(title, `<h1>${escape(title)}</h1><p>${escape(text)}</p>`);

const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${escape(title)} – Longhaul</title><style>${style}</style></head><body><main>${body}</main></body></html>`;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] as string);
