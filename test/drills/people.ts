let counted = 0;

/** Addresses of people who do not exist. The word tells the simulator how to act, see `local/reset-api/personalities.ts`. */
export function people(count: number, word?: string): string[] {
  return Array.from({ length: count }, () => {
    counted += 1;
    return `${word === undefined ? '' : `${word}+`}person.${counted}@example.com`;
  });
}
