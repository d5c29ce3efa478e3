import type { NewOutboxMessage } from '@roofshot/storage/outbox';
import type { OutgoingRecord } from './bus.ts';

/** A pack leaves as a whole: larger ones would save nothing more, and hold up what comes behind them. */
const MOST_RECORDS = 500;
const MOST_CHARACTERS = 250_000;

/** Records as messages of an outbox: those of one partition together, in their order. `partitionOf`: where a record will lie in its topic. */
export function packRecords(records: readonly OutgoingRecord[], partitionOf: (record: OutgoingRecord) => number): NewOutboxMessage[] {
  const packs: Pack[] = [];
  const open = new Map<string, Pack>();
  for (const record of records) {
    const key = `${record.topic}/${partitionOf(record)}`;
    const text = JSON.stringify(record);
    let pack = open.get(key);
    if (pack === undefined || pack.texts.length >= MOST_RECORDS || pack.characters + text.length > MOST_CHARACTERS) {
      open.set(key, (pack = { key, topic: record.topic, texts: [], characters: 0 }));
      packs.push(pack);
    }
    pack.texts.push(text);
    pack.characters += text.length;
  }
  return packs.map(({ key, topic, texts }) => {
    const payload = texts.length === 1 ? String(texts[0]) : `[${texts.join(',')}]`;
    return { key, kind: 'event', destination: topic, payload, size: texts.length };
  });
}

interface Pack {
  readonly key: string;
  readonly topic: string;
  readonly texts: string[];
  characters: number;
}
