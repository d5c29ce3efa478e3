/** «Did you mean …?» from the known names, nearest first; all of them when none is near. */
export function suggest(wrong: string, known: readonly string[]): string {
  const near = nearest(wrong, known);
  if (near.length > 0) return `Did you mean ${near.join(' or ')}?`;
  return known.length === 0 ? 'None is known yet.' : `Known: ${known.join(', ')}.`;
}

/** At most three known names that a typing error away could be `wrong`: up to a third of the letters differ (at least two). */
export function nearest(wrong: string, known: readonly string[]): string[] {
  // What differs by more in length differs by more: a name from a request may have thousands of letters.
  return known
    .filter((name) => Math.abs(name.length - wrong.length) <= Math.max(2, name.length / 3))
    .map((name) => ({ name, distance: editDistance(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(2, name.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Whether one of them is the other with one letter too few, too many or another, or with two neighbours swapped. */
export function isNear(a: string, b: string): boolean {
  return a !== b && (editDistance(a, b) === 1 || isSwapped(a, b));
}

function isSwapped(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  const at = [...a].findIndex((letter, index) => letter !== b[index]);
  return at >= 0 && a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
}

/** Levenshtein distance: least number of letters inserted, deleted or replaced. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
