/** Where the page begins: log in if the address holds a code, then show what the address names. */
import { render } from "preact";
import "./style/tokens.css";
import "./style/base.css";
import "./style/shell.css";
import "./style/parts.css";
import "./style/execution.css";
import "./style/pages.css";
import { App } from "./app.tsx";
import { logInFromAddress } from "./session.ts";
import { applyTheme } from "./theme.ts";

applyTheme();
void logInFromAddress();
render(<App />, document.getElementById("app") as HTMLElement);
