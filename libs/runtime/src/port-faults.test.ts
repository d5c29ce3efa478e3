import { portFault, PortFaults } from './port-faults.ts';

const away = (message: string): Error =>
  Object.assign(new Error(message), { name: 'LostConnection', server: 'It', outcome: 'not applied' });
const wrong = (message: string): Error => new Error(message);
const full = (sqlState: string): Error => Object.assign(new Error('full'), { name: 'OutOfRoom', sqlState });

describe('the fault of a port', () => {
  it('is a sentence that begins with its key and says it once', () => {
    const sentenceOf = (message: string): string => portFault('EVENTS_URL', wrong(message)).sentence;
    expect(sentenceOf('No Kafka at h (EVENTS_URL): closed. Start it.')).toBe('EVENTS_URL: No Kafka at h: closed. Start it.');
    expect(sentenceOf('EVENTS_URL cannot be read: it names no broker.')).toBe('EVENTS_URL cannot be read: it names no broker.');
  });

  it('passes when its server is away or busy, and not when its disk is full or it refuses', () => {
    const passes = (error: Error): boolean => portFault('SQL_URL', error).isAway;
    expect([away('gone'), new Error('opening', { cause: away('gone') }), full('53300')].map(passes)).toEqual([true, true, true]);
    expect([wrong('no right'), full('53100')].map(passes)).toEqual([false, false]);
  });
});

describe('a start that fails', () => {
  it('says one fault as it is', () => {
    const one = new PortFaults([portFault('SQL_URL', wrong('no right.'))]);
    expect([one.message, one.allAway]).toEqual(['SQL_URL: no right.', false]);
  });

  it('lists what must be corrected before what would have been waited for, in the order of the keys, each once', () => {
    const faults = new PortFaults([
      portFault('OBJECTS_URL', wrong('no bucket.')),
      portFault('ONLINE_URL', away('closed.')),
      portFault('SQL_URL', wrong('no right.')),
      portFault('SQL_URL', wrong('no right.')),
    ]);
    expect(faults.allAway).toBe(false);
    expect(faults.message.split('\n')).toEqual([
      'These servers cannot be used as they are set up; nothing was started. Correct:',
      '  SQL_URL: no right.',
      '  OBJECTS_URL: no bucket.',
      'These do not answer either, and would have been waited for:',
      '  ONLINE_URL: closed.',
    ]);
  });

  it('lists those that are merely away where nobody waits', () => {
    const faults = new PortFaults([portFault('EVENTS_URL', away('closed.')), portFault('SQL_URL', away('closed.'))]);
    expect(faults.allAway).toBe(true);
    expect(faults.message.split('\n')).toEqual([
      'These servers do not answer; nothing was started:',
      '  SQL_URL: closed.',
      '  EVENTS_URL: closed.',
    ]);
  });
});
