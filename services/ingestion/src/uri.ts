/** The grammar of RFC 3986, for the attributes that CloudEvents makes URIs. */
const ENCODED = '%[0-9A-Fa-f]{2}';
const PLAIN = "\\w.~!$&'()*+,;=\\-";
const SCHEME = '[A-Za-z][A-Za-z0-9+.-]*:';
const USER = `(?:(?:[${PLAIN}:]|${ENCODED})*@)?`;
const HOST = `(?:\\[[0-9A-Fa-fvV:.]+\\]|(?:[${PLAIN}]|${ENCODED})*)`;
/** Without it, a path may not begin with what would introduce one. */
const AUTHORITY = `(?:\\/\\/${USER}${HOST}(?::\\d*)?(?=[/?#]|$)|(?!\\/\\/))`;
const PATH = `(?:[${PLAIN}:@/]|${ENCODED})*`;
const REST = `(?:[${PLAIN}:@/?]|${ENCODED})*`;
const TAIL = `${AUTHORITY}${PATH}(?:\\?${REST})?(?:#${REST})?$`;

const URI = new RegExp(`^${SCHEME}${TAIL}`);
// Without a scheme, the first segment of a path may hold no colon.
const RELATIVE = new RegExp(`^(?![^/?#]*:)${TAIL}`);

export const isUri = (text: string): boolean => URI.test(text);
export const isUriReference = (text: string): boolean => URI.test(text) || RELATIVE.test(text);
