/** Tabs as WAI-ARIA has them: the arrow keys move, the chosen one is in the tab order. */
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

export type Tab = { key: string; name: string; count?: number | undefined };

export type TabsProps = {
  tabs: readonly Tab[];
  chosen: string;
  label: string;
  onChoose: (key: string) => void;
  children: ComponentChildren;
};

export function Tabs({ tabs, chosen, label, onChoose, children }: TabsProps) {
  const list = useRef<HTMLDivElement>(null);
  function onKeyDown(event: KeyboardEvent): void {
    const at = tabs.findIndex(({ key }) => key === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next.key);
    list.current?.querySelector<HTMLElement>(`#tab-${next.key}`)?.focus();
  }
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map(({ key, name, count }) => (
          <button
            key={key}
            id={`tab-${key}`}
            type="button"
            role="tab"
            class="tab"
            aria-selected={key === chosen}
            aria-controls="tab-panel"
            tabIndex={key === chosen ? 0 : -1}
            onClick={() => onChoose(key)}
          >
            {name}
            {count === undefined ? null : <span class="chip-count">{count}</span>}
          </button>
        ))}
      </div>
      <div id="tab-panel" class="tab-panel" role="tabpanel" aria-labelledby={`tab-${chosen}`}>
        {children}
      </div>
    </>
  );
}
