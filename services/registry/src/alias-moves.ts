/** The rules of aliases: what a move needs, and where a roll-back leads. Pure. */
import type { AliasHistory } from '@roofshot/contracts/http/registry';

export interface Move {
  readonly revision: number;
  readonly version: number | null;
  readonly previous: number | null;
  readonly kind: AliasHistory['moves'][number]['kind'];
}

/** What the alias names after its moves (oldest first); null: unset. */
export function versionOf(moves: readonly Move[]): number | null {
  return moves.at(-1)?.version ?? null;
}

/**
 * What the alias named before the version that it names now was promoted: promotions are stacked, a roll-back takes one off.
 * So a roll-back after a roll-back leads further back, and never to the version that was just taken off. Null: there is nothing before.
 */
export function rollBackTarget(moves: readonly Move[]): number | null {
  const stack: number[] = [];
  for (const { kind, version } of moves) {
    if (kind === 'rolled-back') stack.pop();
    else if (kind === 'removed') stack.length = 0;
    else if (version !== null && version !== stack.at(-1)) stack.push(version);
  }
  return stack.at(-2) ?? null;
}
