/** A text that is there to be taken elsewhere. */
import { Icon } from "./icon.tsx";
import { tell } from "./notice.tsx";

export function CopyText({ text }: { text: string }) {
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      tell("Copied.");
    } catch {
      tell("The browser does not let this page copy; mark the text instead.", "failed");
    }
  }
  return (
    <p class="copy-text">
      <code class="code">{text}</code>
      <button type="button" class="small" aria-label="Copy" onClick={() => void copy()}>
        <Icon name="copy" size={15} />
      </button>
    </p>
  );
}
