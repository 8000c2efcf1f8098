/** Claude accounts: what they are limited to, for all nodes. Each call is one transaction and can be repeated. */
import type { Database } from "./db.ts";

export type LimitKind = "usage_limit" | "rate_limit";
export type Account = {
  id: string;
  billing: string;
  /** Nodes whose sessions it pays for. */
  nodes: string[];
  limit: { kind: LimitKind; untilMs: number; sinceMs: number; message: string } | undefined;
  /** The five-hour window of a subscription: used share, as Claude said last. */
  window: { used: number; resetsAtMs: number } | undefined;
};

type Row = {
  id: string;
  billing: string;
  nodes: string[];
  limited_until: Date | null;
  limit_kind: LimitKind | null;
  message: string | null;
  limited_at: Date | null;
  window_used: number | null;
  window_resets_at: Date | null;
};

const columns = `a.id, a.billing, array(select n.id from nodes n where n.account = a.id order by n.id) as nodes, a.limited_until,
  a.limit_kind, a.message, a.limited_at, a.window_used, a.window_resets_at`;

const accountOf = (row: Row): Account => ({
  id: row.id,
  billing: row.billing,
  nodes: row.nodes,
  limit:
    row.limited_until === null || row.limit_kind === null
      ? undefined
      : {
          kind: row.limit_kind,
          untilMs: row.limited_until.getTime(),
          sinceMs: row.limited_at?.getTime() ?? row.limited_until.getTime(),
          message: row.message ?? "",
        },
  window:
    row.window_used === null || row.window_resets_at === null
      ? undefined
      : { used: row.window_used, resetsAtMs: row.window_resets_at.getTime() },
});

export function createAccountStore(database: Database) {
  return {
    /** Says which account pays for this node's sessions. */
    async use(node: string, account: string, billing: string): Promise<void> {
      await database.query({ name: "set_account", text: "select set_account($1, $2, $3)", values: [node, account, billing] });
    },
    async all(): Promise<Account[]> {
      const rows = await database.query<Row>({
        name: "accounts",
        text: `select ${columns} from accounts a order by a.id`,
        values: [],
      });
      return rows.map(accountOf);
    },
    async account(id: string): Promise<Account | undefined> {
      const rows = await database.query<Row>({
        name: "account",
        text: `select ${columns} from accounts a where a.id = $1`,
        values: [id],
      });
      return rows[0] && accountOf(rows[0]);
    },
    /** Accounts of the nodes that could run `claude` tasks of this execution; none when it has no such task left. */
    async ofExecution(executionId: string): Promise<Account[]> {
      const rows = await database.query<Row>({
        name: "accounts_of_execution",
        text: `select ${columns} from accounts a where exists (
                 select from executions e join nodes m on m.account = a.id and (e.place is null or e.place = any (m.places))
                 where e.id = $1 and e.finished_at is null and m.lease_until > longhaul_now() and exists (
                   select from execution_tasks t where t.execution_id = e.id and t.kind = 'claude'
                     and t.status in ('pending', 'queued', 'in_progress', 'verifying', 'retrying')))`,
        values: [executionId],
      });
      return rows.map(accountOf);
    },
    /** Returns whether this was news. */
    async limit(id: string, kind: LimitKind, untilMs: number, message: string): Promise<boolean> {
      const [row] = await database.query<{ news: boolean }>({
        name: "limit_account",
        text: "select limit_account($1, $2, $3, $4) as news",
        values: [id, kind, new Date(untilMs), message.slice(0, 500)],
      });
      return row?.news === true;
    },
    async setWindow(id: string, used: number, resetsAtMs: number): Promise<void> {
      await database.query({
        name: "set_window",
        text: "update accounts set window_used = $2, window_resets_at = $3 where id = $1",
        values: [id, used, new Date(resetsAtMs)],
      });
    },
    /** Ends limits whose time has come, or one account's at once; returns the accounts that may be used again. */
    async lift(id?: string): Promise<string[]> {
      const rows = await database.query<{ lift_limits: string }>({
        name: "lift_limits",
        text: "select lift_limits($1)",
        values: [id ?? null],
      });
      return rows.map((row) => row.lift_limits);
    },
  };
}

export type AccountStore = ReturnType<typeof createAccountStore>;
