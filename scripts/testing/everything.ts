import { runTargets, type FinishedTask } from './nx-run.ts';
import { readTally } from './results.ts';
import { resultFile } from './run-jest.ts';
import { atLeastOneFailure, sum, tallyJest, tallyJunit, type Tally } from './tally.ts';

/** Every check and every test as one graph of tasks; unchanged ones come from the cache, with their results. */
export async function runEverything(env: NodeJS.ProcessEnv): Promise<Tally> {
  const tasks = await runTargets(['lint', 'typecheck', 'format', 'python', 'test'], env);
  const outcomes = tasks.map((task) => ({ task, tally: tallyOf(task) }));
  console.log(`\n${tasks.filter(({ cached }) => cached).length} of ${tasks.length} tasks came from the cache`);
  for (const { task, tally } of outcomes.filter(({ tally }) => tally.failed > 0)) {
    console.log(`failed: ${task.target} of ${task.project} (${tally.failed}); its output is above`);
  }
  return sum(outcomes.map(({ tally }) => tally));
}

/** A failed task counts as at least one failure, also where no single test is to blame. */
function tallyOf(task: FinishedTask): Tally {
  const tally = resultsOf(task);
  return task.ok ? tally : atLeastOneFailure(tally);
}

function resultsOf({ target, project }: FinishedTask): Tally {
  if (target === 'test') return readTally(resultFile(project), tallyJest);
  if (target === 'python') return readTally(resultFile('pytest', 'xml'), tallyJunit);
  return { passed: 0, failed: 0, skipped: [] };
}
