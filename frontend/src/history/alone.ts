/** One piece of work on the account's history at a time, so that nothing is sent twice or sent while it is deleted. */

let last: Promise<unknown> = Promise.resolve();

export function alone<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(() => amongTabs(work));
  last = turn.catch(() => undefined);
  return turn;
}

/** Other tabs share this one's scans, and wait too; on plain HTTP browsers have no locks. */
const amongTabs = async <T>(work: () => Promise<T>): Promise<T> =>
  "locks" in navigator ? ((await navigator.locks.request("fruits-history", work)) as T) : work();
