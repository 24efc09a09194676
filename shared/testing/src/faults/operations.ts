/** The parts of a request that its operation is told from. */
export interface RequestLine {
  method: string;
  /** Path and query. */
  url: string;
}

/**
 * The operation of an S3 or Azure Blob request: `LIST`, `GET`, `HEAD`, `PUT`, `DELETE`, or `DELETE-MANY` for a batch
 * delete. Listings of a bucket or container only; other sub-resources count as their method.
 */
export function storeOperation({ method, url }: RequestLine): string {
  const query = url.slice(url.indexOf('?') + 1);
  if (method === 'GET' && /(^|&)(list-type=2|comp=list)(&|$)/.test(query) && url.includes('?')) return 'LIST';
  if (method === 'POST' && /(^|&)(delete=?|comp=batch)(&|$)/.test(query)) return 'DELETE-MANY';
  return method;
}

/** What follows the group version, without a namespace: `backups`, or `backups/one`; empty for other paths. */
function resourceSegments(path: string): string[] {
  const match = /^\/(?:api|apis\/[^/]+)\/[^/]+\/(.+)$/.exec(path);
  const segments = match?.[1]?.split('/') ?? [];
  return segments[0] === 'namespaces' && segments.length > 2 ? segments.slice(2) : segments;
}

/**
 * The operation of a Kubernetes API request: `WATCH`, `LIST`, `GET`, `CREATE`, `UPDATE`, `PATCH`, `DELETE` or
 * `DELETE-COLLECTION`; `GET` too for paths that are no resource (`/readyz`).
 */
export function kubeOperation({ method, url }: RequestLine): string {
  const [path = '', query = ''] = url.split('?', 2);
  const segments = resourceSegments(path);
  if (method === 'GET') {
    if (/(^|&)watch=(true|1)(&|$)/.test(query)) return 'WATCH';
    return segments.length === 1 ? 'LIST' : 'GET';
  }
  if (method === 'DELETE') return segments.length === 1 ? 'DELETE-COLLECTION' : 'DELETE';
  return { POST: 'CREATE', PUT: 'UPDATE' }[method] ?? method;
}
