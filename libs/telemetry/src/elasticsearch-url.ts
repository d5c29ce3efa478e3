/** Where Elasticsearch is, and as whom it is spoken to. */
export interface ElasticsearchAddress {
  /** Without user and password: it is told in lines and errors. */
  readonly node: string;
  readonly username: string;
  readonly password: string;
}

/** What is wrong with ELASTICSEARCH_URL and what to write instead, for a list of all faults of a set-up; undefined when it can be used. */
export function elasticsearchFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '')
    return 'it is no address of Elasticsearch. Write https://user:password@host:9200, or leave user and password out and set ELASTICSEARCH_API_KEY.';
  return undefined;
}

/** Reads a URL in which `elasticsearchFault` finds nothing. */
export function parseElasticsearchUrl(text: string): ElasticsearchAddress {
  const url = new URL(text);
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  url.username = url.password = '';
  return { node: url.href, username, password };
}
