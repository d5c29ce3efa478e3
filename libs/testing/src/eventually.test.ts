import { eventually } from './eventually.ts';

test('answers as soon as the check answers something truthy', async () => {
  let calls = 0;
  const answer = await eventually(() => (++calls < 4 ? null : 'ready'));
  expect(answer).toBe('ready');
  expect(calls).toBe(4);
});

test('a block of expectations passes when it stops throwing', async () => {
  let seen = 0;
  await eventually(() => {
    seen += 1;
    expect(seen).toBeGreaterThan(2);
  });
  expect(seen).toBe(3);
});

test('zero and false are not passed', async () => {
  const answers = [0, false, 7];
  expect(await eventually(() => answers.shift())).toBe(7);
});

test('after the deadline it tells what was awaited and why the last check failed', async () => {
  const failing = eventually(
    () => {
      throw new Error('still three rows');
    },
    { deadlineMs: 20, describe: 'two rows' },
  );
  await expect(failing).rejects.toThrow('Waited 20 ms for two rows, in vain. Last: still three rows');
});
