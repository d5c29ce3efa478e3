import { actorOf } from './actor.ts';

test.each<[string | string[] | undefined, string]>([
  ['ann', 'ann'],
  [['ann', 'bob'], 'ann'],
  [' ann ', 'ann'],
  ['', 'anonymous'],
  ['  ', 'anonymous'],
  [undefined, 'anonymous'],
  ['x'.repeat(9_000), 'x'.repeat(200)],
])('of %j the audit tells %s', (header, actor) => {
  expect(actorOf(header === undefined ? {} : { 'x-actor': header })).toBe(actor);
});
