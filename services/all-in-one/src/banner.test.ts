import { bannerOf, type Ready } from './banner.ts';

const embedded: Ready['shared'] = {
  dataDir: '/data',
  sqlUrl: 'embedded:/data/postgres',
  eventsUrl: 'embedded:/data/postgres',
  commandsUrl: 'embedded:/data/postgres',
  onlineUrl: 'embedded:/data/postgres',
  objectsUrl: 'file:/data/objects',
};

function linesWith(shared: Partial<Ready['shared']>): string[] {
  const banner = bannerOf({ url: 'http://h:1', services: { serving: 'http://h:2' }, shared: { ...embedded, ...shared }, seconds: 2 });
  return banner
    .split('\n')
    .slice(3)
    .map((line) => line.trim().replaceAll(/ +/g, ' '))
    .filter((line) => line !== '');
}

test('with everything embedded the data are in one folder', () => {
  expect(linesWith({})).toEqual(['Console and API: http://h:1', 'serving: http://h:2', 'Data: /data']);
});

test('what lies on servers is told with its place and without its password', () => {
  const told = linesWith({
    sqlUrl: 'postgres://me:s3cret@db:5432/shop?sslmode=require',
    eventsUrl: 'kafka://me:s3cret@b1:9092,b2:9092?sasl=plain',
    commandsUrl: 'postgres://me:s3cret@db:5432/shop?sslmode=require',
    onlineUrl: 'rediss://:s3cret@cache:6379/0',
    objectsUrl: 's3://key:s3cret@models/a?endpoint=https%3A%2F%2Fstore%3A9000',
  });
  expect(told.slice(2)).toEqual([
    'Data on this machine: /data',
    'State: postgres://db:5432/shop',
    'Events: kafka://b1:9092,b2:9092',
    'Online values: rediss://cache:6379/0',
    'Objects: s3://models/a at https://store:9000',
  ]);
});
