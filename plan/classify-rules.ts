import type { TaskKind } from "./model.ts";

/** A rule of the classification: what in a task's words decides, what follows, and how sure that is. */
export type AutomationRule = {
  name: string;
  pattern: RegExp;
  /** Words that show that the text is about the thing and does not do it. */
  unless?: RegExp;
  level: "SEMI_AUTO" | "HUMAN_ONLY" | "REFUSED";
  reason: string;
};

const about =
  /\b(?:implement|build|write (?:a |the )?(?:code|test|unit|parser|endpoint|component|module)|code|refactor|unit test|integration test|test that|schema|endpoint|api|component|middleware|parser|agent|hook|function|migration|database|fixture|mock|docs? (?:for|of)|document(?:ation)? (?:for|of|how)|fix (?:the |a )?bug|bug in)\b/i;

/** What is never done, whatever else the text says. */
export const refusedRules: AutomationRule[] = [
  {
    name: "refused-spam",
    level: "REFUSED",
    pattern:
      /\b(?:mass[- ]?(?:e-?mail|mail|mailing|dm|message)|spam (?:all|every|the|users|people|communit)|bulk (?:dm|unsolicited)|unsolicited (?:bulk|mass))\b/i,
    unless: /\b(?:anti-?spam|spam (?:filter|detection|protection|folder|score)|prevent|don'?t|do not|avoid|never|block)\b/i,
    reason: "It sends unasked-for messages in bulk.",
  },
  {
    name: "refused-deception",
    level: "REFUSED",
    pattern:
      /\b(?:fake (?:reviews?|accounts?|testimonials?|upvotes?|identit)|astroturf|sock ?puppets?|vote (?:ring|manipulation)|buy (?:upvotes|followers|reviews)|impersonat(?:e|ing) (?!test|user in|service account))/i,
    unless: /\b(?:detect|prevent|block|report|don'?t|do not|avoid|never|test data|fixture|mock)\b/i,
    reason: "It deceives people.",
  },
  {
    name: "refused-access",
    level: "REFUSED",
    pattern:
      /\b(?:hack into|break into (?:the|a|an|their|his|her|someone)\b|brute[- ]?force (?:the |their |a )?(?:login|password|account)|steal (?:credentials|passwords|data|tokens)|phish(?:ing)? (?:users|customers|employees|campaign against)|exfiltrat|bypass (?:their|the site'?s) (?:paywall|authentication|login)|without (?:their |the owner'?s )?(?:permission|authori[sz]ation) access|unauthori[sz]ed access to)/i,
    unless:
      /\b(?:prevent|protect|detect|against|guard|test|reject|block|fix|allows?|could|vulnerab\w*|harden|audit|mitigat\w*|finding|risk)\b/i,
    reason: "It gains access without permission.",
  },
];

/** What a person does, or does last, whatever else the text says. */
export const humanRules: AutomationRule[] = [
  {
    name: "social-posting",
    level: "SEMI_AUTO",
    pattern:
      /\b(?:post|publish|share|tweet|announce|submit|cross-?post|reply|comment|launch|dm)\b[^.]{0,60}\b(?:reddit|r\/\w+|subreddits?|twitter|tweet|x thread|linkedin|facebook|instagram|tiktok|mastodon|bluesky|hacker news|show hn|product hunt|discord|slack communit\w+|social media|youtube|indie hackers|dev\.to|hashnode)\b|\b(?:reddit|twitter|linkedin|hacker news|show hn|product hunt|social(?: media)?)\b[^.]{0,30}\b(?:posts?|posting|published|submitted|submission|thread shared|thread)\b|\btweet\b/i,
    unless: about,
    reason: "Posting on social media in a person's name breaks the terms of service; the text is prepared, a person posts it.",
  },
  {
    name: "sales-call",
    level: "HUMAN_ONLY",
    pattern:
      /\b(?:(?:sales|discovery)\s+(?:call|meeting|demo)|(?:customer|prospect|investor|client)\s+(?:call|meeting))s?\b|\b(?:call|phone|meet with|pitch to|negotiate with)\s+(?:the |a |our |\d+ )?(?:customers?|prospects?|clients?|leads?|investors?|partners?|vendors?)\b/i,
    unless: about,
    reason: "Talking to customers and partners is for a person.",
  },
  {
    name: "strategic-decision",
    level: "HUMAN_ONLY",
    pattern:
      /\b(?:decide|choose|determine|set|approve|agree on)\b[^.]{0,40}\b(?:strategy|strategic|pricing|business model|target market|positioning|go[- ]to[- ]market|hiring plan|vision|okrs?)\b|\bstrategic decision/i,
    unless: about,
    reason: "Strategic decisions are for a person.",
  },
  {
    name: "money",
    level: "HUMAN_ONLY",
    pattern:
      /\b(?:approve|authori[sz]e|sign off|make|send|transfer|wire|release)\b[^.]{0,30}\b(?:payments?|invoices?|budget|money|funds|purchase|spend(?:ing)?|refunds?|payroll|wire transfer)\b|\b(?:buy|purchase|pay for|order)\b[^.]{0,30}\b(?:domain|licen[cs]e|subscription|ads?|advert\w*|equipment|credits|hardware)\b/i,
    unless: about,
    reason: "Money is approved by a person.",
  },
  {
    name: "brand-review",
    level: "HUMAN_ONLY",
    pattern:
      /\b(?:brand|legal|trademark|compliance)\s+(?:review|approval|sign-?off)\b|\b(?:review|approve|sign off)\b[^.]{0,30}\b(?:brand(?:ing)?|brand voice|messaging|press release|contract|legal terms)\b/i,
    unless: /\b(?:code|pull request|schema)\b/i,
    reason: "Brand and legal review are for a person.",
  },
  {
    name: "sign",
    level: "HUMAN_ONLY",
    pattern:
      /\bsign (?:the |a )?(?:contract|agreement|nda|lease)\b|\bverify (?:your|my|the owner'?s) identity\b|\bpass(?:port)? (?:scan|photo)\b/i,
    reason: "It needs a person's signature or identity.",
  },
  {
    name: "human-by-name",
    level: "HUMAN_ONLY",
    pattern:
      /^(?:ask|have|let|get) (?:a |the )?(?:human|person|user|owner|customer|team|manager|designer)\b|\b(?:manual(?:ly)? (?:test|verify|verification|check|qa|review|inspect)\w*|human (?:review|verification|approval|sign-?off|check)|needs? (?:a )?human|by hand)\b/i,
    unless:
      /\([^)]*human review|\b(?:document|write|create|prepare|update) (?:a |the )?(?:[\w-]+ ){0,3}(?:checklist|guide|template|procedure)\b/i,
    reason: "The plan says that a person does this.",
  },
  {
    name: "recording",
    level: "HUMAN_ONLY",
    pattern: /\b(?:record|film|shoot)\b[^.]{0,30}\b(?:video|gif|demo|screencast|podcast|screen|terminal|clip)\b/i,
    unless: about,
    reason: "A person records it.",
  },
  {
    name: "interview",
    level: "HUMAN_ONLY",
    pattern:
      /\b(?:interview|survey|visit|shadow)\b[^.]{0,20}\b(?:users?|customers?|candidates?|stakeholders?|employees|residents)\b|\bget good sleep\b|\bclear (?:your )?calendar\b/i,
    unless: about,
    reason: "Only a person can do it.",
  },
  {
    name: "account",
    level: "HUMAN_ONLY",
    pattern:
      /\b(?:create|open|register|sign up for|set up)\b[^.]{0,25}\b(?:a |an )?(?:[\w-]+ ){0,2}accounts?\b(?! (?:table|model|entity|endpoint|page|service|class|module|settings))/i,
    unless: about,
    reason: "Accounts are opened by the person that they belong to.",
  },
  {
    name: "email-out",
    level: "SEMI_AUTO",
    pattern:
      /\b(?:send|write|draft|reach out|follow up|reply)\b[^.]{0,30}\b(?:e-?mails?|newsletter|message to|messages to|hunters|testimonials|influencers|journalists|press)\b|\be-?mail (?:to )?(?:existing |all |the |our )?(?:users|customers|subscribers|clients|press)\b/i,
    unless: about,
    reason: "Nothing is sent to people before a person has seen it.",
  },
  {
    name: "publish",
    level: "SEMI_AUTO",
    pattern:
      /\b(?:npm publish|twine upload|cargo publish|publish (?:to|on) (?:npm|pypi|crates\.io|the (?:app|play|chrome) ?store|marketplace)|submit to (?:the )?(?:app|play) store|release to production)\b/i,
    reason: "A release cannot be taken back; a person does the last click.",
  },
];

export type KindRule = { name: string; kind: TaskKind; pattern: RegExp; confidence: number };

/** Words of development: what they are about is built in the workspace and not done to the world. */
export const isDevelopment = (text: string): boolean => about.test(text) || /\b(?:GET|POST|PUT|PATCH|DELETE) \//.test(text);

/** What kind a task in words is. The first that fits decides; work on code and texts of a repository is for the coding session. */
export const kindRules: KindRule[] = [
  { name: "words-wait", kind: "wait", pattern: /^(?:wait (?:for|until)|await)\b/i, confidence: 0.9 },
  {
    name: "words-deploy",
    kind: "deploy",
    pattern: /^(?:deploy|roll ?out)\b(?!.*\b(?:documentation|templates?|guide|docs)\b)/i,
    confidence: 0.75,
  },
  {
    name: "words-git",
    kind: "git",
    pattern:
      /^(?:commit|push|tag|merge (?:the |a )?(?:branch|pr|pull request)|create (?:a |the )?(?:git )?(?:repository|repo|branch|tag|release))\b/i,
    confidence: 0.8,
  },
  {
    name: "words-email",
    kind: "email",
    pattern: /^(?:send|e-?mail)\b[^.]*\b(?:e-?mails?|newsletter|users|customers|subscribers)\b/i,
    confidence: 0.75,
  },
  {
    name: "words-content",
    kind: "content",
    pattern:
      /^(?:write|draft|compose|prepare|personali[sz]e|create)\b[^.]*\b(?:blog post|post|tweet|thread|announcement|tagline|copy|newsletter|press release|description|retrospective|faq|reply|replies|e-?mail|message)\b/i,
    confidence: 0.75,
  },
  {
    name: "words-http",
    kind: "http",
    pattern: /^(?:call|request|ping|fetch|GET|POST|PUT|DELETE)\s+(?:https?:\/\/|`https?:\/\/)/,
    confidence: 0.8,
  },
  {
    name: "words-browser",
    kind: "browser",
    pattern: /^(?:screenshot|open .* in (?:a |the )?browser|take (?:a )?screenshots?)\b/i,
    confidence: 0.75,
  },
];

/** Kinds that act on the world outside the workspace: wrong guesses about these are costly. */
export const actsOutside: ReadonlySet<TaskKind> = new Set(["http", "email", "browser", "git", "deploy"]);
