/** Words in which tests speak of the quarantine, over HTTP. */
import type { QuarantinePage, RedriveAnswer, RedriveRequest, RefusedEvent } from '@roofshot/contracts/http/quarantine';
import type { CreatedWriteKey } from '@roofshot/contracts/http/ingestion';
import type { LogRecord } from '@roofshot/messaging/events';
import { event, IngestionLab, type Answer } from './ingestion-lab.ts';

export const JSON_TYPE = { 'content-type': 'application/json', 'x-actor': 'ann' };

export interface Counts {
  readonly received: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly late: number;
  readonly quarantined: number;
}
export const NONE: Counts = { received: 0, accepted: 0, duplicate: 0, late: 0, quarantined: 0 };
export interface Ledger {
  readonly types: Record<string, Counts>;
  readonly keys: Record<string, Record<string, Counts>>;
}

let names = 0;
/** A source of its own, so that a test finds its own events. */
export const newShop = (): string => `/shop-${(names += 1)}`;

/** An order whose amount is a text. */
export const broken = (source: string, over: object = {}): Record<string, unknown> => event({ source, data: { amount: 'much' }, ...over });
export const mended = [{ op: 'replace', path: '/data/amount', value: 7 }];
export const idsIn = ({ events }: QuarantinePage): string[] => events.map(({ eventId }) => eventId);

export class QuarantineLab extends IngestionLab {
  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.send(path);
    if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
    return body as unknown as T;
  }

  list(query: Record<string, string>): Promise<QuarantinePage> {
    return this.get(`/v1/quarantine?${new URLSearchParams(query)}`);
  }

  /** The one that matches, whatever its status. */
  async only(query: Record<string, string>): Promise<RefusedEvent> {
    const { events } = await this.list({ status: 'any', ...query });
    const [found] = events;
    if (found === undefined || events.length > 1) throw new Error(`${events.length} refused events match ${JSON.stringify(query)}`);
    return found;
  }

  /** `url`: of another process. */
  async order(what: 'redrives' | 'discards', body: unknown, url = this.url): Promise<Answer> {
    const answer = await fetch(`${url}/v1/quarantine/${what}`, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Answer['body'] };
  }

  async redrive(request: RedriveRequest): Promise<RedriveAnswer> {
    const { status, body } = await this.order('redrives', request);
    if (status !== 200) throw new Error(`The redrive was answered ${status}: ${JSON.stringify(body)}`);
    return body as unknown as RedriveAnswer;
  }

  async newKey(limits: object): Promise<CreatedWriteKey> {
    const body = JSON.stringify({ name: `quarantine-${(names += 1)}`, ...limits });
    return (await this.send('/v1/write-keys', { method: 'POST', headers: JSON_TYPE, body })).body as unknown as CreatedWriteKey;
  }

  ledger(): Promise<Ledger> {
    return this.get('/v1/events/ledger');
  }

  async onStream(id: unknown, topic = 'events.order.placed'): Promise<LogRecord[]> {
    return (await this.onLog(topic)).filter(({ headers }) => headers['ce_id'] === id);
  }

  async audited<T>(action: string): Promise<(T & { readonly actor: string; readonly reason: string })[]> {
    const said = (await this.onLog('audit.v1')).map(
      ({ value }) => JSON.parse(value) as T & { action: string; actor: string; reason: string },
    );
    return said.filter((one) => one.action === action);
  }
}
