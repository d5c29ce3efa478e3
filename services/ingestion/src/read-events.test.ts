import { readEvents } from './read-events.ts';

/** What the header `ce-subject` says, or why it cannot be read. */
function subjectOf(header: string): unknown {
  const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-subject': header };
  const [event] = readEvents('application/json', headers, { amount: 1 }).events;
  if (event === undefined) throw new Error('No event was read.');
  return 'value' in event ? (event.value as { subject: unknown }).subject : event.unreadable.path;
}

// HTTP binding for CloudEvents 1.0.2, section 3.1.3.2.
describe('an attribute in a header', () => {
  it.each([
    ['plain', 'plain'],
    ['Euro%20%E2%82%AC%20%f0%9f%98%80', 'Euro € 😀'],
    ['%41needless', 'Aneedless'],
    ['100% sure%20of 5%', '100% sure of 5%'],
    ['%2541', '%41'], // one round
    ['"quoted"', 'quoted'],
    ['"with \\"quotes\\" and \\\\ and%20space"', 'with "quotes" and \\ and space'],
    ['half"', 'half"'],
  ])('%s is %s', (header, text) => expect(subjectOf(header)).toBe(text));

  it.each(['%C0%A0', 'a%FFb', '%ED%A0%80'])('%s is refused, because its bytes are no UTF-8', (header) =>
    expect(subjectOf(header)).toBe('/subject'),
  );
});
