import type { Json } from './json.ts';

/** A column of a Lens panel: what lines are grouped by, or what is computed of each group. */
export interface LensColumn {
  readonly id: string;
  readonly definition: { readonly [key: string]: Json };
}

/** Lines of each stretch of time; Kibana chooses how long one is. */
export function overTime(): LensColumn {
  return {
    id: 'time',
    definition: {
      dataType: 'date',
      isBucketed: true,
      label: '@timestamp',
      operationType: 'date_histogram',
      params: { dropPartials: false, includeEmptyRows: true, interval: 'auto' },
      scale: 'interval',
      sourceField: '@timestamp',
    },
  };
}

interface TermsOptions {
  readonly label: string;
  readonly size?: number;
  readonly dataType?: 'string' | 'number';
}

/** Lines of each value of a keyword (or number): the most frequent ones first, and those beyond `size` left out. */
export function by(field: string, { label, size = 20, dataType = 'string' }: TermsOptions): LensColumn {
  return {
    id: field.replaceAll('.', '-'),
    definition: {
      customLabel: true,
      dataType,
      isBucketed: true,
      label,
      operationType: 'terms',
      params: {
        missingBucket: false,
        orderBy: { columnId: 'count', type: 'column' },
        orderDirection: 'desc',
        otherBucket: false,
        parentFormat: { id: 'terms' },
        size,
      },
      scale: 'ordinal',
      sourceField: field,
    },
  };
}

export function count(label: string): LensColumn {
  return {
    id: 'count',
    definition: {
      customLabel: true,
      dataType: 'number',
      isBucketed: false,
      label,
      operationType: 'count',
      params: { emptyAsNull: true },
      scale: 'ratio',
      sourceField: '___records___',
    },
  };
}

/** The duration that so many of a hundred lines stay below. */
export function durationPercentile(percentile: number): LensColumn {
  return {
    id: `p${percentile}`,
    definition: {
      customLabel: true,
      dataType: 'number',
      isBucketed: false,
      label: `p${percentile}`,
      operationType: 'percentile',
      params: { percentile },
      scale: 'ratio',
      sourceField: 'event.duration',
    },
  };
}

export const isBucketed = ({ definition }: LensColumn): boolean => definition['isBucketed'] === true;
