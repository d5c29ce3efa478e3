/** Run under `ulimit -f 1`: files of this process end at 1,024 bytes, as on a full disk. Tells what became of each line. */
import { log } from '@roofshot/telemetry/logger';
import { Spool } from '../src/spool/spool.ts';

const [, , folder = ''] = process.argv;
const spool = await Spool.open({ folder, name: 'limited', after: 0, segmentBytes: 1_000_000, maxBytes: 1_000_000, log });
const outcomes: string[] = [];
for (const line of ['a'.repeat(600), 'b'.repeat(600), 'c'.repeat(300)]) {
  outcomes.push(
    await spool.append(line).then(
      () => 'written',
      (error: { code?: string }) => error.code ?? 'unknown',
    ),
  );
}
await spool.close();
process.send?.({ outcomes, end: spool.end, unpublished: spool.unpublishedLines });
process.disconnect();
