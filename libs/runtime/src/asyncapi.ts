import type { CommandDefinition, TopicDefinition, TopicFamily } from '@roofshot/contracts/define';

/** What a service says and hears, as contracts. */
export interface Conversation {
  readonly publishes: readonly (TopicDefinition | TopicFamily)[];
  readonly sends: readonly CommandDefinition[];
  readonly hears: readonly (TopicDefinition | TopicFamily)[];
  readonly handles: readonly CommandDefinition[];
}

type Channel = TopicDefinition | TopicFamily | CommandDefinition;

/** AsyncAPI 3.0 of one service: topics and queues with their messages' schemas, and which way they go. */
export function asyncApiOf(service: string, conversation: Conversation): Record<string, unknown> {
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
    channels: Object.fromEntries(channels.map((channel) => [keyOf(addressOf(channel)), channelOf(channel)])),
    operations: Object.fromEntries([
      ...[...publishes, ...sends].map((channel) => operationOf('send', channel)),
      ...[...hears, ...handles].map((channel) => operationOf('receive', channel)),
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
  const definitions = channel.kind === 'topic' ? channel.events : [channel];
  return Object.fromEntries(
    definitions.map(({ type, schema }) => [keyOf(type), { name: type, contentType: 'application/json', payload: schema }]),
  );
}

function operationOf(action: 'send' | 'receive', channel: Channel): [string, object] {
  const key = keyOf(addressOf(channel));
  return [`${action}_${key}`, { action, channel: { $ref: `#/channels/${key}` } }];
}
