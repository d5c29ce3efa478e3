import { withoutPersonal } from './personal.ts';

function errorOf(work: () => unknown): string {
  try {
    return String(work());
  } catch (error) {
    return String(error);
  }
}

it.each([
  ['No account of ada.lovelace+news@post.example.org.', 'No account of [e-mail].'],
  ['GET /v1/people/ada%40example.org', 'GET /v1/people/[e-mail]'],
  ['"zoë@bücher.example" is known', '"[e-mail]" is known'],
  ['connect ECONNREFUSED 203.0.113.9:5432', 'connect ECONNREFUSED [ip]:5432'],
  ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED 127.0.0.1:5432'],
  ['peer [2001:db8::8a2e:370:7334]:443 left', 'peer [[ip]]:443 left'],
  ['peer ::1 left at 09:48:28', 'peer ::1 left at 09:48:28'],
  ['called +49 (170) 123-4567 twice', 'called [phone] twice'],
  ['open /home/ada/data/x and /Users/ada/y', 'open /home/[user]/data/x and /Users/[user]/y'],
  ['GET /v1/x?user=ada&page=2#top', 'GET /v1/x?user=[redacted]&page=[redacted]#top'],
  ['postgres://roofshot:hunter2@db/x is away', 'postgres://roofshot:[redacted]@db/x is away'],
  ['authorization: Bearer abc.def.ghi', 'authorization: [redacted] [redacted]'],
  ['sent with Basic YWRhOmh1bnRlcjI= as ever', 'sent with Basic [redacted] as ever'],
  ['{"password":"hunter2","a":1}', '{"password":"[redacted]","a":1}'],
  ['invalid input syntax for type integer: "Ada Lovelace"', 'invalid input syntax for type integer: [text]'],
  ['date/time field value out of range: "1815-12-99"', 'date/time field value out of range: [text]'],
  ['value "Ada 99999999999" is out of range for type integer', 'value [text] is out of range for type integer'],
  ['null value in column "a" (Failing row contains (7, Ada (née Byron), null).)', 'null value in column "a" (Failing row contains [text]'],
  ['Key (email)=(Ada Lovelace) already exists.', 'Key [text] already exists.'],
])('%s → %s', (text, expected) => {
  expect(withoutPersonal(text)).toBe(expected);
});

it.each(['{"name": Ada Lovelace}', 'Ada Lovelace', `{"name":"Ada Lovelace","more":${'x'.repeat(50)}`, '["Ada Lovelace", "x" "y"]'])(
  'what JSON.parse quotes of %s is left out',
  (text) => {
    const message = errorOf(() => JSON.parse(text));
    expect(message).toMatch(/SyntaxError/);
    expect(withoutPersonal(message)).not.toMatch(/Ada|Lovelace|xxx/);
    expect(withoutPersonal(message)).toMatch(/^SyntaxError: (Unexpected|Expected)/);
  },
);

it('what names things stays as it is', () => {
  const text =
    'The topic "events.flight.departed" (partition 3, offset 4711) of roofshot@0.1.0 has no handler: see version 1.2.3, 50 % of c-1.';
  expect(withoutPersonal(text)).toBe(text);
});

it('the worst text takes no time', () => {
  const begun = performance.now();
  for (const part of ['a', '@', '1.', ':', '"', '+1 ', '?a=', 'token', ' ', 'value "']) withoutPersonal(part.repeat(16_384 / part.length));
  expect(performance.now() - begun).toBeLessThan(2_000);
});
