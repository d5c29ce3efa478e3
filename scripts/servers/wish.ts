/** What the command line of `npm run servers` asks for. Pure. */
import { suggest } from '@roofshot/runtime/nearest';
import { SERVER_NAMES, type ServerName } from '@roofshot/testing/server-kind';

const COMMANDS = ['up', 'status', 'down'] as const;

export type Wish =
  | { readonly command: 'up'; readonly names: readonly ServerName[] }
  | { readonly command: 'status' | 'down' | 'help' }
  | { readonly command: 'wrong'; readonly reason: string };

/** `up` without names means all of them. */
export function readWish([word, ...rest]: readonly string[]): Wish {
  if (word === '--help') return { command: 'help' };
  if (word === undefined) return wrong('Say what to do with the servers.');
  const command = COMMANDS.find((known) => known === word);
  if (command === undefined) return wrong(`There is no command "${word}". ${suggest(word, COMMANDS)}`);
  if (command === 'up') return namesOf(rest);
  return rest.length === 0 ? { command } : wrong(`${command} is for all servers at once and takes no "${rest.join(' ')}".`);
}

function namesOf(words: readonly string[]): Wish {
  const unknown = words.filter((word) => !SERVER_NAMES.some((name) => name === word));
  if (unknown.length > 0) return wrong(unknown.map((word) => `There is no server "${word}". ${suggest(word, SERVER_NAMES)}`).join('\n'));
  return { command: 'up', names: words.length === 0 ? SERVER_NAMES : SERVER_NAMES.filter((name) => words.includes(name)) };
}

const wrong = (reason: string): Wish => ({ command: 'wrong', reason });
