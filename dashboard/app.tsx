/** The frame around every view: navigation, theme, and the way in for who is not logged in. */
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./components/icon.tsx";
import { Notices } from "./components/notice.tsx";
import icon from "./icon.svg";
import { follow, hrefTo, segments } from "./router.ts";
import { leave, session } from "./session.ts";
import { chooseTheme, type Theme, theme } from "./theme.ts";
import { Agents } from "./views/agents.tsx";
import { Execution } from "./views/execution.tsx";
import { Executions } from "./views/executions.tsx";
import { Inbox } from "./views/inbox.tsx";
import { LogIn } from "./views/log-in.tsx";
import { Preview } from "./views/preview.tsx";
import { Recommendations } from "./views/recommendations.tsx";
import { Value } from "./views/value.tsx";
import { waiting } from "./waiting.ts";

type Place = { path: string; name: string; icon: IconName };

const places: Place[] = [
  { path: "/", name: "Executions", icon: "list" },
  { path: "/inbox", name: "Inbox", icon: "inbox" },
  { path: "/new", name: "New plan", icon: "plan" },
  { path: "/agents", name: "Agents", icon: "agents" },
  { path: "/memory", name: "Memory", icon: "memory" },
  { path: "/value", name: "Value", icon: "value" },
];

export function App() {
  if (session.value.kind !== "in") return <LogIn state={session.value} />;
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <nav class="rail" aria-label="Views">
        <a class="brand" href={hrefTo("/")} onClick={follow}>
          <img src={icon} alt="" width="26" height="26" />
          <span>Longhaul</span>
        </a>
        <ul>
          {places.map((place) => (
            <li key={place.path}>
              <PlaceLink {...place} />
            </li>
          ))}
        </ul>
        <div class="rail-foot">
          <Preferences />
        </div>
      </nav>
      <main id="content" tabIndex={-1}>
        <View />
        <footer class="foot">
          <Preferences />
        </footer>
      </main>
      <Notices />
    </div>
  );
}

function Preferences() {
  return (
    <>
      <ThemeChoice />
      <button type="button" class="quiet small" onClick={() => void leave()}>
        <Icon name="exit" size={16} />
        <span>Log out</span>
      </button>
    </>
  );
}

function View(): ComponentChildren {
  const [place, id] = segments.value;
  if (place === "executions" && id !== undefined) return <Execution key={id} id={id} />;
  if (place === "inbox") return <Inbox />;
  if (place === "new") return <Preview />;
  if (place === "agents") return <Agents />;
  if (place === "value") return <Value />;
  if (place === "memory") return <Recommendations />;
  return <Executions />;
}

function PlaceLink({ path, name, icon }: Place) {
  const [place = "executions"] = segments.value;
  const isHere = path === "/" ? place === "executions" : path === `/${place}`;
  const count = path === "/inbox" ? waiting.value : 0;
  return (
    <a class="rail-link" href={hrefTo(path)} onClick={follow} aria-current={isHere ? "page" : undefined}>
      <Icon name={icon} />
      <span>{name}</span>
      {count > 0 ? (
        <span class="badge">
          {count}
          <span class="visually-hidden"> waiting</span>
        </span>
      ) : null}
    </a>
  );
}

const themes: { value: Theme; name: string; icon: IconName }[] = [
  { value: "system", name: "As the system", icon: "screen" },
  { value: "light", name: "Light", icon: "sun" },
  { value: "dark", name: "Dark", icon: "moon" },
];

function ThemeChoice() {
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">Colours</legend>
      {themes.map(({ value, name, icon }) => (
        <button
          key={value}
          type="button"
          class="segment"
          aria-pressed={theme.value === value}
          aria-label={name}
          title={name}
          onClick={() => chooseTheme(value)}
        >
          <Icon name={icon} size={15} />
        </button>
      ))}
    </fieldset>
  );
}
