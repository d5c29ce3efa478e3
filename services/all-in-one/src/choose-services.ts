import type { AnyService } from '@roofshot/runtime/service';
import { suggest } from '@roofshot/runtime/nearest';

/** `--services a,b`: those; absent: all. Throws with a sentence that names the wrong ones. */
export function chooseServices(all: readonly AnyService[], names: string | undefined): readonly AnyService[] {
  if (names === undefined) return all;
  const wanted = names.split(',').map((name) => name.trim());
  const known = all.map(({ name }) => name);
  const wrong = wanted.filter((name) => !known.includes(name));
  if (wrong.length > 0)
    throw new Error(`--services: ${wrong.map((name) => `there is no service ${name}. ${suggest(name, known)}`).join(' ')}`);
  return all.filter(({ name }) => wanted.includes(name));
}
