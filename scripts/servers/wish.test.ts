import { SERVER_NAMES } from '@roofshot/testing/server-kind';
import { readWish } from './wish.ts';

test('up means all servers unless some are named', () => {
  expect(readWish(['up'])).toEqual({ command: 'up', names: SERVER_NAMES });
  expect(readWish(['up', 'redis', 'kafka'])).toEqual({ command: 'up', names: ['kafka', 'redis'] });
});

test.each([
  [['downn'], 'There is no command "downn". Did you mean down?'],
  [
    ['up', 'kafkaa', 'redis', 'postgre'],
    'There is no server "kafkaa". Did you mean kafka?\nThere is no server "postgre". Did you mean postgres?',
  ],
  [['down', 'kafka'], 'down is for all servers at once and takes no "kafka".'],
  [[], 'Say what to do with the servers.'],
])('of %j it is said what is wrong and what was perhaps meant', (words, reason) => {
  expect(readWish(words)).toEqual({ command: 'wrong', reason });
});
