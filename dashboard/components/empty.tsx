/** What stands where nothing is yet, or where something could not be had. */
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} size={28} />
      <h2>{title}</h2>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  );
}

export function Failure({ text }: { text: string }) {
  return (
    <div class="empty" data-tone="failed" role="alert">
      <Icon name="alert" size={28} />
      <h2>This could not be loaded</h2>
      <p>{text}</p>
    </div>
  );
}

export const Loading = () => (
  <div class="loading" role="status">
    <span class="visually-hidden">Loading</span>
    <span class="shimmer" />
    <span class="shimmer" />
    <span class="shimmer" />
  </div>
);
