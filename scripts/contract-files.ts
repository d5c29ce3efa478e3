/** The files that are generated from the contracts: JSON Schemas for readers in other languages, AsyncAPI 3 for people. */
import { fileURLToPath } from 'node:url';
import { acceptedEvents, SourceProgressed } from '@roofshot/contracts/events';
import { OTHERS, type CommandDefinition, type EventDefinition, type TopicDefinition } from '@roofshot/contracts/define';
import { allKinds } from '@roofshot/contracts/resources';
import { allCommands, allTopics } from '@roofshot/contracts/topics';
import { stringify } from 'yaml';
import type { GeneratedFiles } from './generated-files.ts';

export const generatedContracts = (): GeneratedFiles => ({
  root: fileURLToPath(new URL('../contracts', import.meta.url)),
  files: contractFiles(),
  folders: ['schemas'],
});

/** Path below contracts/ → text. */
export function contractFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const event of allEvents()) files.set(schemaPath(event.type, 1), schemaText(event.type, event.schema));
  for (const command of allCommands) files.set(schemaPath(command.type, command.version), schemaText(command.type, command.schema));
  for (const kind of allKinds) files.set(`schemas/${kind.name}.json`, schemaText(kind.name, kind.spec, kind.description));
  files.set('asyncapi.yaml', stringify(asyncApi(), { lineWidth: 140, aliasDuplicateObjects: false }));
  return files;
}

export function allEvents(): EventDefinition[] {
  return [...allTopics.flatMap((topic) => [...topic.events]), SourceProgressed];
}

const schemaPath = (type: string, version: number): string => `schemas/${type}.v${version}.json`;

function schemaText(title: string, schema: object, description?: string): string {
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    ...(description === undefined ? {} : { description }),
  };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}

function asyncApi(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Roofshot',
      version: '1',
      description:
        'Facts on topics (CloudEvents 1.0, binary mode: attributes in headers `ce_<name>`, data as JSON in the value) and commands on queues.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries([...allTopics.map(topicChannel), familyChannel(), ...allCommands.map(queueChannel)]),
    operations: Object.fromEntries([...allTopics.map(sayOperation), ...allCommands.map(hearOperation)]),
    components: {
      messages: Object.fromEntries([...allEvents().map(eventMessage), ...allCommands.map(commandMessage)]),
    },
  };
}

const key = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_-]/g, '_');
const messageRef = (type: string): object => ({
  $ref: `#/components/messages/${key(type)}`,
});

function topicChannel(topic: TopicDefinition): [string, object] {
  const kept = topic.retentionDays === 'forever' ? 'kept for ever' : `kept ${topic.retentionDays} days`;
  return [
    key(topic.name),
    {
      address: topic.name,
      description: `${topic.description} Key: ${keyOf(topic)}; ${kept}${topic.compacted === true ? ', newest record per key' : ''}; owner: ${topic.owner}.`,
      messages: Object.fromEntries(topic.events.map((event) => [key(event.type), messageRef(event.type)])),
    },
  ];
}

/** The key's rule as it is written in the contract: `event.data.unit`. */
const keyOf = (topic: TopicDefinition): string => topic.key.toString().replace(/^\(?event\)?\s*=>\s*/, '');

function familyChannel(): [string, object] {
  return [
    'events_type',
    {
      address: `${acceptedEvents.prefix}{type}`,
      description: `${acceptedEvents.description} Key: subject. Owner: ${acceptedEvents.owner}. Also carries control records \`source.progressed\`, which readers may skip.`,
      parameters: {
        type: {
          description: 'An event type declared by an EventType resource.',
        },
      },
      messages: { source_progressed: messageRef(SourceProgressed.type) },
    },
  ];
}

function queueChannel(command: CommandDefinition): [string, object] {
  return [
    key(command.queue),
    {
      address: command.queue,
      description: `${command.description} One handler: ${command.owner}. Dead letters: \`${command.queue}.dead\`.`,
      messages: { [key(command.type)]: messageRef(command.type) },
    },
  ];
}

function sayOperation(topic: TopicDefinition): [string, object] {
  if (topic.owner === OTHERS) return inboxOperation(topic);
  return [
    `say_${key(topic.name)}`,
    {
      action: 'send',
      channel: { $ref: `#/channels/${key(topic.name)}` },
      summary: `${topic.owner} says it.`,
    },
  ];
}

/** Others send there; the platform's part is to receive. */
function inboxOperation(topic: TopicDefinition): [string, object] {
  return [
    `hear_${key(topic.name)}`,
    { action: 'receive', channel: { $ref: `#/channels/${key(topic.name)}` }, summary: 'Other teams say it.' },
  ];
}

function hearOperation(command: CommandDefinition): [string, object] {
  return [
    `hear_${key(command.type)}`,
    {
      action: 'receive',
      channel: { $ref: `#/channels/${key(command.queue)}` },
      summary: `${command.owner} handles it.`,
    },
  ];
}

function eventMessage(event: EventDefinition): [string, object] {
  return [
    key(event.type),
    {
      name: event.type,
      contentType: 'application/json',
      payload: { $ref: `./schemas/${event.type}.v1.json` },
    },
  ];
}

function commandMessage(command: CommandDefinition): [string, object] {
  return [
    key(command.type),
    {
      name: command.type,
      contentType: 'application/json',
      payload: { $ref: `./schemas/${command.type}.v${command.version}.json` },
    },
  ];
}
