import { audit } from '@roofshot/contracts/audit';
import { resourceReferences } from '@roofshot/contracts/references';
import type { CommandDefinition, EventDefinition, TopicDefinition, TopicFamily } from '@roofshot/contracts/define';
import type { Handler } from '@roofshot/messaging/handlers';
import type { Conversation } from './asyncapi.ts';
import { hasReferences } from './references.ts';
import type { AnyService, Resolve } from './service.ts';

/** One entry of a service's handler table, seen from outside: which message goes to which method of which class. */
export interface Hearing {
  readonly service: string;
  readonly topic: TopicDefinition | TopicFamily | undefined;
  readonly command: CommandDefinition | undefined;
  /** The event; undefined: all of the topic. */
  readonly event: EventDefinition | undefined;
  /** `each`, `batch`, `records`, `follow` or `command`. */
  readonly kind: Handler['kind'];
  /** `UpdateFeatures.fold`; the text of the function where it names no class. */
  readonly target: string;
}

/** What a service hears, from its table of handlers. No provider is made: the table only names them. */
export function hearingsOf(service: AnyService): Hearing[] {
  return service.handlers(namingResolve).flatMap((handler) => hearingsOfHandler(service.name, handler));
}

function hearingsOfHandler(service: string, handler: Handler): Hearing[] {
  const common = { service, kind: handler.kind, topic: undefined, command: undefined, event: undefined };
  switch (handler.kind) {
    case 'command':
      return [{ ...common, command: handler.command, target: targetOf(handler.run) }];
    case 'batch':
      return [{ ...common, topic: handler.topic, target: targetOf(handler.batch) }];
    case 'records':
      return [{ ...common, topic: handler.topic, target: targetOf(handler.take) }];
    case 'each':
    case 'follow': {
      const { topic, each } = handler;
      return topic.events.flatMap((event) => {
        const run = each[event.type];
        return run === undefined || run === 'ignore' ? [] : [{ ...common, topic, event, target: targetOf(run) }];
      });
    }
  }
}

/** What a service publishes: who owns kinds also says who changed them, and what they refer to. */
export function publishesOf({ publishes, kinds }: Pick<AnyService, 'publishes' | 'kinds'>): readonly (TopicDefinition | TopicFamily)[] {
  const ofKinds = [...(kinds.some(hasReferences) ? [resourceReferences] : []), ...(kinds.length > 0 ? [audit] : [])];
  return [...publishes, ...ofKinds.filter((topic) => !publishes.includes(topic))];
}

/** What a service publishes, sends, hears and handles. */
export function conversationOf(service: AnyService): Conversation {
  const hearings = hearingsOf(service);
  return {
    publishes: publishesOf(service),
    sends: service.sends,
    hears: [...new Set(hearings.map(({ topic }) => topic).filter((topic) => topic !== undefined))],
    handles: hearings.map(({ command }) => command).filter((command) => command !== undefined),
  };
}

const NAMED = Symbol('named');

/** Answers a stand-in for each provider whose methods only know their own names. */
const namingResolve: Resolve = <T>(token: new (...args: never[]) => T): T =>
  new Proxy({}, { get: (_target, method) => Object.assign(() => undefined, { [NAMED]: `${token.name}.${String(method)}` }) }) as T;

/** Tables say `(event) => get(RecordExposure).one(event)`, `(event, tx) => registerVersion(event.data, tx)`, or hand the method over. */
function targetOf(run: object): string {
  const named = (run as { [NAMED]?: string })[NAMED];
  if (named !== undefined) return named;
  const text = Function.prototype.toString.call(run);
  const [, token, method] = /get\(\s*(\w+)\s*\)\s*\.\s*(\w+)/.exec(text) ?? [];
  if (token !== undefined) return `${token}.${method ?? ''}`;
  const [, called] = /(?:=>|await|return)\s*(\w+)\(/.exec(text) ?? [];
  return called ?? text.replaceAll(/\s+/g, ' ').slice(0, 60);
}
