/** «Did you mean …?» from the known names, nearest first; a list of all when none is near. */
export function nearest(wrong: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, distance: editDistance(wrong.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = near.filter(({ name, distance }) => distance <= Math.max(2, name.length / 3)).slice(0, 3);
  if (best.length > 0) return `Did you mean ${best.map(({ name }) => name).join(' or ')}?`;
  return known.length === 0 ? 'None is known yet.' : `Known: ${known.join(', ')}.`;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
