/** Ends parts of the platform with kill -9 while the experiment runs. */
import type { Client } from './client.ts';
import type { Disturb } from './journey.ts';
import type { Platform } from './platform.ts';

/** Some of the day's 144 steps, two pairs of them one after the other, up to the last. */
const STEPS = [3, 4, 20, 37, 60, 61, 90, 143];
/** What is on its way when a part is ended, in turn: events, the question for their features, the question for predictions. */
const MOMENTS = ['/v1/events', '/v1/features/progress', '/v1/predict'];

/** Ends a part at each of these steps and starts it again, in turn, so that every part has been ended at least once. */
export function killEachPart(platform: Platform, client: Client): Disturb & { readonly killed: ReadonlySet<string> } {
  const killed = new Set<string>();
  const disturb: Disturb = async (step, work) => {
    const turn = STEPS.indexOf(step);
    if (turn < 0) return work();
    const part = platform.parts[turn % platform.parts.length] ?? '';
    const moment = client.leaving(MOMENTS[turn % MOMENTS.length] ?? '');
    const working = work();
    // The step may end, and may fail, before its moment comes: then the part is ended between two steps, and the failure is seen below.
    await Promise.race([moment, working.catch(() => undefined)]);
    await platform.kill(part);
    killed.add(part);
    await platform.restart(part);
    await working;
  };
  return Object.assign(disturb, { killed });
}
