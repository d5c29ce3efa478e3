import { containerWay } from './container-server.ts';
import { nativeWay } from './native-server.ts';
import { NotToBeHad, type ServerKind } from './server-kind.ts';
import type { Way, Wish } from './way.ts';

/** TEST_SERVERS keeps to one way, on machines where both are open. */
export function waysToStart(kind: ServerKind, wish: Wish): Way[] {
  const [container, native] = [containerWay(kind, wish), nativeWay(kind, wish)];
  const only = process.env.TEST_SERVERS ?? '';
  if (only === '') return kind.bundled ? [native, container] : [container, native];
  if (only === 'container') return [container];
  if (only === 'native') return [native];
  throw new Error(`TEST_SERVERS is "${only}": set it to container or native, or leave it out for the first that works.`);
}

/** The first way that is open, prepared. @throws NotToBeHad with why each is closed and what a user can do about it */
export async function chooseWay(kind: Pick<ServerKind, 'title' | 'variable'>, ways: readonly Way[]): Promise<Way> {
  const closed: NotToBeHad[] = [];
  for (const way of ways) {
    try {
      await way.prepare();
      return way;
    } catch (error) {
      if (!(error instanceof NotToBeHad)) throw error;
      closed.push(error);
    }
  }
  throw refusal(kind, closed);
}

function refusal({ title, variable }: Pick<ServerKind, 'title' | 'variable'>, closed: readonly NotToBeHad[]): NotToBeHad {
  const reasons = [`${variable} is not set`, ...closed.map(({ message }) => message)].join('; ');
  const remedies = [`set ${variable} to the URL of one that runs`, ...closed.map(({ remedy }) => remedy)].join('; or ');
  return new NotToBeHad(
    `${title} cannot be had for tests here: ${reasons}. To have it, ${remedies}. Without servers, npm run test:embedded runs everything that needs none.`,
    remedies,
    { cause: closed.at(-1) },
  );
}
