/** A part that the test does not expect to be used: any touch throws, with its name. */
export function untouched<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get(_, property) {
      throw new Error(`${name}.${String(property)} was touched, and this test did not set it up.`);
    },
  });
}
