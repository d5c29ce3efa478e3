/** Measures of scores against what happened. */

/** Probability that a late flight has a higher score than a punctual one, ties half: the Mann–Whitney statistic from mid-ranks. */
export function areaUnderCurve(scores: ArrayLike<number>, late: readonly boolean[]): number {
  const order = late.map((_, index) => index).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let rankSum = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) end += 1;
    const midRank = (start + end + 1) / 2;
    for (let place = start; place < end; place += 1) if (late[order[place] ?? 0] === true) rankSum += midRank;
    start = end;
  }
  const positives = late.filter(Boolean).length;
  const negatives = late.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Mean of 1 for a needless warning and 4 for a missed delay, when a score above `threshold` warns. */
export function meanCost(scores: ArrayLike<number>, late: readonly boolean[], threshold: number): number {
  const total = late.reduce((sum, isLate, index) => sum + costOf((scores[index] ?? 0) > threshold, isLate), 0);
  return total / late.length;
}

const costOf = (warned: boolean, isLate: boolean): number => (isLate ? (warned ? 0 : 4) : warned ? 1 : 0);
