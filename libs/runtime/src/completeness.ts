import { OTHERS, type CommandDefinition, type EventDefinition, type TopicDefinition, type TopicFamily } from '@roofshot/contracts/define';
import { hearingsOf, publishesOf, type Hearing } from './conversation.ts';
import { httpPrefixesOf } from './http-prefixes.ts';
import type { AnyService } from './service.ts';

/** The services as a whole, and what they hear. */
interface Whole {
  readonly services: readonly AnyService[];
  readonly names: ReadonlySet<string>;
  readonly hearings: readonly Hearing[];
  readonly isWhole: boolean;
}

/**
 * What is wrong with how services fit together, a sentence each: topics with two owners or none of its readers, commands with no
 * handler or two, paths with two owners, kinds and topics in the wrong service. With `whole: false` (some services run, others
 * elsewhere) only what these services can be blamed for.
 */
export function completeness(services: readonly AnyService[], options: { readonly whole: boolean }): string[] {
  const whole: Whole = {
    services,
    names: new Set(services.map(({ name }) => name)),
    hearings: services.flatMap(hearingsOf),
    isWhole: options.whole,
  };
  return [
    ...nameFaults(whole),
    ...topicFaults(whole),
    ...readerFaults(whole),
    ...commandFaults(whole),
    ...kindFaults(whole),
    ...needFaults(whole),
    ...pathFaults(whole),
  ];
}

function nameFaults({ services }: Whole): string[] {
  return duplicates(services, ({ name }) => name).map(([name]) => `Two services are named ${name}. Give each its own name.`);
}

const nameOf = (topic: TopicDefinition | TopicFamily): string => (topic.kind === 'topic' ? topic.name : `${topic.prefix}*`);

function topicFaults({ services }: Whole): string[] {
  const said = services.flatMap((service) => publishesOf(service).map((topic) => ({ service: service.name, topic })));
  const strangers = said.filter(({ service, topic }) => topic.owner !== 'many' && topic.owner !== service);
  const shared = duplicates(
    said.filter(({ topic }) => topic.owner !== 'many'),
    ({ topic }) => nameOf(topic),
  );
  return [
    ...strangers.map(
      ({ service, topic }) =>
        `${service} publishes ${nameOf(topic)}, whose owner is ${topic.owner}. Let ${topic.owner} publish it, or change the contract's owner.`,
    ),
    ...shared.map(
      ([name, by]) => `The topic ${name} has two owners: ${by.map(({ service }) => service).join(' and ')}. One service may publish it.`,
    ),
  ];
}

/** Who reads may run elsewhere, so this can be told of the whole alone. */
function readerFaults({ services, hearings, isWhole }: Whole): string[] {
  if (!isWhole) return [];
  const faults: string[] = [];
  for (const topic of new Set(services.flatMap(publishesOf))) {
    if (topic.kind !== 'topic' || topic.public === true) continue;
    const unread = topic.events.filter((event) => !hearings.some((hearing) => hears(hearing, topic, event)));
    faults.push(
      ...unread.map(({ type }) => `Nobody reads ${type} of ${topic.name}. Add a handler, remove the event, or mark the topic public.`),
    );
  }
  return [...faults, ...unsaidTopics(services, hearings)];
}

const hears = (hearing: Hearing, topic: TopicDefinition, event: EventDefinition): boolean =>
  hearing.topic === topic && (hearing.event === undefined || hearing.event === event);

function unsaidTopics(services: readonly AnyService[], hearings: readonly Hearing[]): string[] {
  const said = new Set(services.flatMap(publishesOf));
  const unsaid = hearings.filter(({ topic }) => topic !== undefined && topic.owner !== OTHERS && !said.has(topic));
  const lines = unsaid.map(
    ({ service, topic }) =>
      `${service} hears ${topic === undefined ? '' : nameOf(topic)}, which no service publishes. Add it to its owner's publishes.`,
  );
  return [...new Set(lines)];
}

function commandFaults({ services, names, hearings, isWhole }: Whole): string[] {
  const handled = hearings.flatMap(({ service, command }) => (command === undefined ? [] : [{ service, command }]));
  const known = new Set<CommandDefinition>([...services.flatMap(({ sends }) => sends), ...handled.map(({ command }) => command)]);
  return [...known].flatMap((command) => {
    const by = handled.filter((one) => one.command === command).map(({ service }) => service);
    const strangers = by.filter((service) => service !== command.owner);
    return [
      ...strangers.map(
        (service) =>
          `${service} handles the command ${command.type}, whose owner is ${command.owner}. Move the handler there, or change the contract's owner.`,
      ),
      ...(by.length > 1 ? [`The command ${command.type} has ${by.length} handlers (${by.join(', ')}); exactly one may handle it.`] : []),
      ...(by.length === 0 && (isWhole || names.has(command.owner))
        ? [`The command ${command.type} has no handler. Add handle(…) to the handlers of ${command.owner}.`]
        : []),
    ];
  });
}

function kindFaults({ services }: Whole): string[] {
  return services.flatMap(({ name, kinds }) =>
    kinds
      .filter((kind) => kind.owner !== name)
      .map((kind) => `${name} declares the kind ${kind.name}, whose owner is ${kind.owner}. Declare it there.`),
  );
}

/** A service gets the ports that it asks for and no others, so it must ask for what its messages go through. */
function needFaults({ services, hearings }: Whole): string[] {
  return services.flatMap((service) => {
    const own = hearings.filter((hearing) => hearing.service === service.name);
    const usesEvents = publishesOf(service).length > 0 || own.some(({ topic }) => topic !== undefined);
    const usesCommands = service.sends.length > 0 || own.some(({ command }) => command !== undefined);
    const usesSql = usesEvents || usesCommands || service.migrations.length > 0;
    const uses = { events: usesEvents, commands: usesCommands, sql: usesSql } as const;
    return Object.entries(uses)
      .filter(([port, isUsed]) => isUsed && !service.needs.includes(port as keyof typeof uses))
      .map(([port]) => `${service.name} uses ${port} but does not need it. Add '${port}' to its needs.`);
  });
}

function pathFaults({ services }: Whole): string[] {
  const owned = services.flatMap((service) => httpPrefixesOf(service).map((prefix) => ({ service: service.name, prefix })));
  return duplicates(owned, ({ prefix }) => prefix).map(
    ([prefix, by]) =>
      `The path ${prefix} has two owners: ${by.map(({ service }) => service).join(' and ')}. Requests go to one service alone.`,
  );
}

function duplicates<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  return [...Map.groupBy(items, keyOf)].filter(([, same]) => same.length > 1);
}
