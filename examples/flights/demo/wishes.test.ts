import { HELP, readWishes } from './wishes.ts';

describe('the flags of the demo', () => {
  it('ask for a week between the hubs that ends with an open console, when there are none', () => {
    expect(readWishes([])).toEqual({
      help: false,
      exit: false,
      json: false,
      permute: false,
      servers: false,
      large: false,
      data: undefined,
      port: undefined,
      days: 7,
    });
  });

  it('bound the large run to two days, unless days are given', () => {
    expect(readWishes(['--large'])).toMatchObject({ large: true, days: 2 });
    expect(readWishes(['--large', '--days', '5'])).toMatchObject({ large: true, days: 5 });
  });

  it.each(['0', '8', '-1', '1.5', '', 'three', '0x2'])('refuse "%s" days with a sentence', (days) => {
    expect(() => readWishes([`--days=${days}`])).toThrow(/1 to 7 whole days. Give a number of them./);
  });

  it.each([[['--larg']], [['--permute=yes']], [['surplus']], [['--data']]])('refuse %j and say where help is', (args) => {
    expect(() => readWishes(args)).toThrow(/See npm run demo -- --help$/);
  });

  it('that are misspelt are answered with the nearest', () => {
    expect(() => readWishes(['--larg'])).toThrow('There is no flag --larg. Did you mean --large? See npm run demo -- --help');
    expect(() => readWishes(['--surprising'])).toThrow('There is no flag --surprising. See');
  });

  it('are all explained by --help', () => {
    const flags = Object.keys(readWishes([]));
    expect(flags.filter((flag) => !HELP.includes(`--${flag} `))).toEqual([]);
  });
});
