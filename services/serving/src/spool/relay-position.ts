/** How far a spool has been published: kept beside the log's records, in the transaction that publishes them. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Queryable } from '@roofshot/storage/sql';
import type { SpoolPosition } from './segments.ts';

/** The spool's name, made once (and its folder when absent): ids of events derive from it, so two folders can never name two events alike. */
export async function nameSpool(folder: string): Promise<string> {
  const path = join(folder, 'spool.id');
  await mkdir(folder, { recursive: true });
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const id = randomUUID();
  await writeFile(`${path}.new`, `${id}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  return id;
}

/** The first line that has not been published. */
export async function loadPosition(db: Queryable, spool: string): Promise<SpoolPosition> {
  const [row] = await db.query<SpoolPosition>(
    `WITH added AS (INSERT INTO serving.spools (spool, segment, position) VALUES ($1, 0, 0) ON CONFLICT (spool) DO NOTHING)
     SELECT segment, position AS "offset" FROM serving.spools WHERE spool = $1`,
    [spool],
  );
  return row ?? { segment: 0, offset: 0 };
}

/** False when the spool stands elsewhere: this transaction must not publish. */
export async function movePosition(
  tx: Queryable,
  spool: string,
  { from, to }: { readonly from: SpoolPosition; readonly to: SpoolPosition },
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE serving.spools SET segment = $4, position = $5, moved_at = now() WHERE spool = $1 AND segment = $2 AND position = $3 RETURNING 1`,
    [spool, from.segment, from.offset, to.segment, to.offset],
  );
  return rows.length > 0;
}
