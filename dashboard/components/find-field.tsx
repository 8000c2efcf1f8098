/** A field that narrows what stands below it while one types. */
import { Icon } from "./icon.tsx";

export type FindFieldProps = {
  label: string;
  placeholder?: string;
  value: string;
  onInput: (value: string) => void;
  wide?: boolean;
};

export function FindField({ label, placeholder = label, value, onInput, wide }: FindFieldProps) {
  return (
    <span class={wide === true ? "find ask-find" : "find"}>
      <Icon name="search" size={16} />
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </span>
  );
}
