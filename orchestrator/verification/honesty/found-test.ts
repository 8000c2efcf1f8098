/** Where a test stands and how it is marked. */
export type Found = {
  name: string;
  /** Its body. */
  at: number;
  end: number;
  inactive: boolean;
  focused: boolean;
  /** Rows of a table it is run for. */
  rows: [number, number][];
};
