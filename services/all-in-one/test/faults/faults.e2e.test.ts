import { GROUNDS } from './platform.ts';
import { theShortMatrix } from './short-matrix.ts';

describe(`under load, ${GROUNDS.embedded}`, () => {
  theShortMatrix('embedded');
});
