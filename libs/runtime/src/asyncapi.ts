import type { CommandDefinition, TopicDefinition, TopicFamily } from '@roofshot/contracts/define';
import { ATTRIBUTES } from '@roofshot/contracts/envelope';
import type { DeclaredChannel } from './declared-channels.ts';
import { placeSchema, pointerStep } from './place-schema.ts';

/** What a service says and hears, as contracts. */
export interface Conversation {
  readonly publishes: readonly (TopicDefinition | TopicFamily)[];
  readonly sends: readonly CommandDefinition[];
  readonly hears: readonly (TopicDefinition | TopicFamily)[];
  readonly handles: readonly CommandDefinition[];
}

type Channel = TopicDefinition | TopicFamily | CommandDefinition;

/**
 * AsyncAPI 3.0 of one service: topics and queues with their messages' schemas, and which way they go. `declared`: the topics that its
 * users have declared, which it publishes.
 */
export function asyncApiOf(
  service: string,
  conversation: Conversation,
  declared: readonly DeclaredChannel[] = [],
): Record<string, unknown> {
  const { publishes, sends, hears, handles } = conversation;
  const channels = [...new Set<Channel>([...publishes, ...hears, ...sends, ...handles])];
  return {
    asyncapi: '3.0.0',
    info: {
      title: `Roofshot ${service}`,
      version: '1',
      description:
        'Events are CloudEvents 1.0 in binary mode: attributes in headers `ce_<name>`, data as JSON in the value. Commands are JSON with headers.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries([
      ...channels.map((channel) => [keyOf(addressOf(channel)), channelOf(channel)] as const),
      ...declared.map((channel) => [channel.address, declaredChannelOf(channel)] as const),
    ]),
    operations: Object.fromEntries([
      ...[...publishes, ...sends].map((channel) => operationOf('send', keyOf(addressOf(channel)))),
      ...[...hears, ...handles].map((channel) => operationOf('receive', keyOf(addressOf(channel)))),
      ...declared.map(({ address }) => operationOf('send', address)),
    ]),
  };
}

function addressOf(channel: Channel): string {
  switch (channel.kind) {
    case 'topic':
      return channel.name;
    case 'topic-family':
      return `${channel.prefix}{type}`;
    case 'command':
      return channel.queue;
  }
}

const keyOf = (address: string): string => address.replaceAll(/[{}]/g, '').replaceAll(/[^A-Za-z0-9_-]/g, '_');

function channelOf(channel: Channel): object {
  const address = addressOf(channel);
  return {
    address,
    description: `${channel.description} Owner: ${channel.owner}.`,
    ...(channel.kind === 'topic-family' && { parameters: { type: { description: 'Type of the event.' } } }),
    messages: messagesOf(channel),
  };
}

function messagesOf(channel: Channel): Record<string, object> {
  if (channel.kind === 'topic-family') return {};
  if (channel.kind === 'command') return { [keyOf(channel.type)]: messageOf(channel.type, channel.schema) };
  const events = channel.events.map(({ type, schema }) => [keyOf(type), { ...messageOf(type, schema), headers: headersOf(type) }]);
  return Object.fromEntries(events) as Record<string, object>;
}

const messageOf = (type: string, payload: object): object => ({ name: type, contentType: 'application/json', payload });

const DRAFT_07 = /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/;

function declaredChannelOf({ address, description, type, schema }: DeclaredChannel): object {
  const dialect = DRAFT_07.test(String(schema['$schema'] ?? '')) ? 'draft-07' : '2020-12';
  const pointer = `#/channels/${pointerStep(address)}/messages/${pointerStep(type)}/payload/schema`;
  const payload = { schemaFormat: `application/schema+json;version=${dialect}`, schema: placeSchema(schema, pointer) };
  return { address, description, messages: { [type]: { ...messageOf(type, payload), headers: headersOf(type) } } };
}

const REQUIRED = ['specversion', 'id', 'source', 'type', 'time', 'knowntime'];

/** Attributes of the event in binary mode; extensions of its sender may come beside them. */
function headersOf(type: string): object {
  const names = ATTRIBUTES.filter((name) => name !== 'datacontenttype');
  const own: Readonly<Record<string, object>> = { specversion: { const: '1.0' }, type: { const: type } };
  return {
    type: 'object',
    required: REQUIRED.map((name) => `ce_${name}`),
    properties: {
      'content-type': { type: 'string' },
      ...Object.fromEntries(names.map((name) => [`ce_${name}`, { type: 'string', ...own[name] }])),
    },
  };
}

function operationOf(action: 'send' | 'receive', key: string): [string, object] {
  return [`${action}_${key}`, { action, channel: { $ref: `#/channels/${pointerStep(key)}` } }];
}
