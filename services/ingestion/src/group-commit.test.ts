import { GroupCommit } from './group-commit.ts';
import { LostConnection } from '@roofshot/storage/sql-errors';

/** What fails, and what was committed together. */
function lab(failure: (group: readonly number[]) => Error | undefined): {
  commits: GroupCommit<number, string>;
  groups: (readonly number[])[];
} {
  const groups: (readonly number[])[] = [];
  const commits = new GroupCommit<number, string>((group) => {
    groups.push(group);
    const error = failure(group);
    return error === undefined ? Promise.resolve(group.map((one) => `done ${one}`)) : Promise.reject(error);
  });
  return { commits, groups };
}

const submitAll = (commits: GroupCommit<number, string>, all: readonly number[]): Promise<PromiseSettledResult<string>[]> =>
  Promise.allSettled(all.map((one) => commits.submit(one, 1)));

describe('submissions that share a commit', () => {
  it('do not fail for one among them that cannot be committed', async () => {
    const { commits, groups } = lab((group) => (group.includes(3) ? new Error('three') : undefined));
    const results = await submitAll(commits, [1, 2, 3, 4]);
    expect(results.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message))).toEqual([
      'done 1',
      'done 2',
      'three',
      'done 4',
    ]);
    expect(groups).toEqual([[1], [2, 3, 4], [2], [3], [4]]);
  });

  it('all fail where the database is lost, because it may have taken them', async () => {
    const { commits, groups } = lab(([first]) => (first === 1 ? undefined : new LostConnection('gone', 'unknown', { cause: undefined })));
    const results = await submitAll(commits, [1, 2, 3]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(groups).toEqual([[1], [2, 3]]);
  });
});
