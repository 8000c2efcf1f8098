/** Dark or light: the system's choice until somebody chooses here. */
import { signal } from "@preact/signals";

export type Theme = "system" | "dark" | "light";

const storageKey = "longhaul.theme";
const isTheme = (value: string | null): value is Theme => value === "system" || value === "dark" || value === "light";
const stored = localStorage.getItem(storageKey);

export const theme = signal<Theme>(isTheme(stored) ? stored : "system");

export function applyTheme(): void {
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
}

export function chooseTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(storageKey, next);
  applyTheme();
}
