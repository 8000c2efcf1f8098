/** Vectors as they are stored, and how two are compared. Pure. */

/** Little-endian float32, as in the database. */
export const vectorBytes = (vector: Float32Array): Buffer => {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes;
};

/** The sign of each dimension: vectors that point the same way agree in most of them, and bits are counted fast. */
export const signatureOf = (vector: Float32Array): string => Array.from(vector, (value) => (value > 0 ? "1" : "0")).join("");

/** Cosine of a unit vector with a stored one. */
export function cosine(vector: Float32Array, stored: Buffer): number {
  let sum = 0;
  for (let index = 0; index < vector.length; index += 1) sum += (vector[index] as number) * stored.readFloatLE(index * 4);
  return sum;
}

/** Cosine of two unit vectors. */
export function dot(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index += 1) sum += (one[index] as number) * (other[index] as number);
  return sum;
}
