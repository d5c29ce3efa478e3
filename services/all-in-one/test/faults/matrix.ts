/** All faults on one platform, one after the other. */
import type { Fault } from './fault.ts';
import { killFaults } from './kill-faults.ts';
import { sumOf } from './history.ts';
import { FaultPlatform, type Ground } from './platform.ts';
import { judge, runFault, type Judged, type Row, type RunOptions } from './run-fault.ts';
import { serverFaults } from './server-faults.ts';

export const FAULTS: readonly Fault[] = [...serverFaults, ...killFaults];

/** Of the whole run: each load judged again, when all is over. */
export const WHOLE_RUN = 'the whole run, judged again at its end';

export interface MatrixOptions extends Omit<RunOptions, 'name'> {
  readonly faults: readonly Fault[];
  /** Called as soon as there is one. */
  readonly onRow: (row: Row) => void;
  /** Called with the reason for what could not be tried. */
  readonly onOmission: (fault: Fault, why: string) => void;
  /** Called with what went wrong where a fault could not be made, or the platform did not come back from it. */
  readonly onFailure: (fault: Fault, why: string) => void;
}

export async function runMatrix(ground: Ground, { faults, onRow, onOmission, onFailure, ...options }: MatrixOptions): Promise<Row[]> {
  const own = faults.filter(({ grounds }) => grounds.includes(ground));
  const platform = await FaultPlatform.start(ground, { withDisks: own.some(({ needsDisks }) => needsDisks === true) });
  try {
    const judged: Judged[] = [];
    for (const [index, fault] of own.entries()) {
      if (fault.needsDisks === true && platform.disks.database === undefined) {
        onOmission(fault, 'not tried, because no small disk can be mounted here.');
        continue;
      }
      try {
        const one = await runFault(platform, fault, { ...options, name: `fault${index}` });
        judged.push(one);
        onRow(one.row);
      } catch (error) {
        onFailure(fault, error instanceof Error ? error.message : String(error));
        await platform.restore();
      }
    }
    const whole = await judgeAgain(platform, judged);
    onRow(whole);
    await platform.stop();
    return [...judged.map(({ row }) => row), whole];
  } catch (error) {
    await platform.stop().catch(() => undefined); // what it says comes of the first failure, which is told
    throw error;
  }
}

async function judgeAgain(platform: FaultPlatform, judged: readonly Judged[]): Promise<Row> {
  const verdicts = [];
  for (const { load } of judged) verdicts.push(await judge(platform, load));
  const repeated = judged.reduce((sum, { row }) => sum + row.repeated, 0);
  const secondsToRecover = Math.max(0, ...judged.map(({ row }) => row.secondsToRecover));
  return { fault: WHOLE_RUN, ground: platform.ground, ...sumOf(verdicts), repeated, secondsToRecover };
}

export const isClean = ({ lost, doubled, outOfOrder }: Row): boolean => lost + doubled + outOfOrder === 0;
