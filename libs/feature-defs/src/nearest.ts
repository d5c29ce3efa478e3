/**
 * The known names that resemble `name`, nearest first, at most `limit`: for "there is no such name" answers.
 * Nearness is the number of single-character edits (optimal string alignment: a swap of neighbours counts as one);
 * names further away than a third of the length, and at least 2 edits, are left out.
 */
export function nearestNames(name: string, known: Iterable<string>, limit = 3): string[] {
  const reach = Math.max(2, Math.ceil(name.length / 3));
  // What differs by more in length differs by more: a name from a request may have thousands of characters.
  return [...known]
    .filter((candidate) => Math.abs(candidate.length - name.length) <= reach)
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ distance }) => distance <= reach)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** "; nearest: a, b", or what there is when nothing is near, or that there is nothing. */
export function suggestNames(name: string, known: Iterable<string>): string {
  const all = [...known];
  const near = nearestNames(name, all);
  if (near.length > 0) return `; nearest: ${near.join(', ')}`;
  if (all.length === 0) return '; there are none';
  const shown = all.slice(0, MOST_SHOWN).join(', ');
  return `; there are: ${shown}${all.length > MOST_SHOWN ? ', …' : ''}`;
}

/** A sentence stays readable with so many names. */
const MOST_SHOWN = 12;

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const edited = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      row.push(swapped ? Math.min(edited, (beforeLast[j - 2] ?? 0) + 1) : edited);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
