/** The format that a file was read as, how sure that is, and what told. */
export type Recognised = { name: string; variant?: string; confidence: number; why: string };
