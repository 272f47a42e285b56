/**
 * Where things are in Redis. Every key carries the hash tag `{sluice}`, so that a script may touch all of them in a
 * Redis Cluster, too; BullMQ's keys carry it as their prefix.
 *
 *   {sluice}:job:<id>              hash    the record
 *   {sluice}:job:<id>:log          stream  its events; ids are those of the global stream
 *   {sluice}:job:<id>:leases       zset    uploads under way: token → end (ms)
 *   {sluice}:job:<id>:deliveries   zset    its deliveries
 *   {sluice}:jobs                  zset    every job by creation
 *   {sluice}:jobs:<status>         zset    the same, by status
 *   {sluice}:jobs:of:<owner>, {sluice}:jobs:with:<key>:<value>  zset  the same, by owner and by a value of the metadata
 *   {sluice}:uploads               zset    open uploads, <job id>_<file id>, by when they expire
 *   {sluice}:upload:<job id>_<file id>:lock  string  whose request writes to it; …:wanted somebody waits for it
 *   {sluice}:drafts                zset    drafts by their last upload; {sluice}:finished  final jobs by their end
 *   {sluice}:events                stream  every job's events, about 10,000
 *   {sluice}:outbox                zset    what is still to be put into BullMQ, by when it is due
 *   {sluice}:delivery:<id>         hash    a delivery; …:record the frozen job; …:attempts a list
 *   {sluice}:deliveries            zset    every delivery by creation; {sluice}:deliveries:<status> by status
 *   {sluice}:origin:<origin>:slots zset    attempts under way there: token → when its slot comes free by itself (ms);
 *                                          …:line those sent away for want of a slot, by when that was at first (µs)
 *   {sluice}:webhook:<id>          hash    an endpoint, with its secrets; …:deliveries zset its deliveries
 *   {sluice}:webhooks              zset    every endpoint by creation
 *   {sluice}:webhooks:on:<type>    set     enabled endpoints that ask for a type of event
 *   {sluice}:installation          hash    who wrote here, and how far it had come
 *   {sluice}:idempotency:<digest>  hash    who reserved an idempotency key, for 30 s; or its answer, for 24 h
 *   {sluice}:stored                hash    the bytes that storage holds; see stored.ts
 *   {sluice}:sweeps                hash    what the janitor has removed; see sweep-totals.ts
 *   {sluice}:session:<digest>      string  whose key a browser's session stands for, for 12 h
 *   {sluice}:api-keys              hash    keys made at run time; {sluice}:api-keys:version another text after each change;
 *                                          {sluice}:api-keys:used hash: when each was used last
 *   {sluice}:rate:<budget>:<who>   string  requests in the present window; see the API's rate-limits.ts
 *   {sluice}:audit:<kind>          stream  who did what when; see audit.ts
 *   {sluice}:history:<minute>      hash    what was counted in a minute since 1970; see history.ts
 *   {sluice}:workers               zset    workers by their last sign of life; see workers.ts
 */
export const PREFIX = '{sluice}'

export const keys = {
  job: (id: string) => `${PREFIX}:job:${id}`,
  log: (id: string) => `${PREFIX}:job:${id}:log`,
  leases: (id: string) => `${PREFIX}:job:${id}:leases`,
  jobDeliveries: (id: string) => `${PREFIX}:job:${id}:deliveries`,
  jobs: `${PREFIX}:jobs`,
  jobsIn: (status: string) => `${PREFIX}:jobs:${status}`,
  jobsLabelled: (label: string) => `${PREFIX}:jobs:${label}`,
  uploads: `${PREFIX}:uploads`,
  uploadLock: (id: string) => `${PREFIX}:upload:${id}:lock`,
  uploadWanted: (id: string) => `${PREFIX}:upload:${id}:wanted`,
  drafts: `${PREFIX}:drafts`,
  finished: `${PREFIX}:finished`,
  events: `${PREFIX}:events`,
  outbox: `${PREFIX}:outbox`,
  delivery: (id: string) => `${PREFIX}:delivery:${id}`,
  deliveryRecord: (id: string) => `${PREFIX}:delivery:${id}:record`,
  deliveryAttempts: (id: string) => `${PREFIX}:delivery:${id}:attempts`,
  deliveries: `${PREFIX}:deliveries`,
  deliveriesIn: (status: string) => `${PREFIX}:deliveries:${status}`,
  originSlots: (origin: string) => `${PREFIX}:origin:${origin}:slots`,
  originLine: (origin: string) => `${PREFIX}:origin:${origin}:line`,
  webhook: (id: string) => `${PREFIX}:webhook:${id}`,
  webhookDeliveries: (id: string) => `${PREFIX}:webhook:${id}:deliveries`,
  webhooks: `${PREFIX}:webhooks`,
  installation: `${PREFIX}:installation`,
  sweeps: `${PREFIX}:sweeps`,
  idempotency: (digest: string) => `${PREFIX}:idempotency:${digest}`,
  stored: `${PREFIX}:stored`,
  session: (digest: string) => `${PREFIX}:session:${digest}`,
  apiKeys: `${PREFIX}:api-keys`,
  apiKeysVersion: `${PREFIX}:api-keys:version`,
  apiKeysUsed: `${PREFIX}:api-keys:used`,
  rate: (budget: string) => `${PREFIX}:rate:${budget}`,
  audit: (kind: string) => `${PREFIX}:audit:${kind}`,
  webhookSecret: `${PREFIX}:webhook-secret`,
  history: (minute: number) => `${PREFIX}:history:${minute}`,
  workers: `${PREFIX}:workers`,
  alone: (name: string) => `${PREFIX}:alone:${name}`,
  /** Pub/sub channel: ids of jobs that were just cancelled or deleted. */
  cancelled: `${PREFIX}:cancelled`,
} as const
