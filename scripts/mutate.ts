/**
 * `npm run mutate`: breaks what the invariants rest on, one thing at a time, in a copy of the source, and expects the
 * test that guards it to fail. A guard that stays green guards nothing. A compile error or a time-out does not count:
 * the test must have run, and must have said what it found.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Mutation {
  readonly name: string
  readonly file: string
  /** Must occur exactly once. */
  readonly find: string
  readonly replace: string
  /** The test that must fail for it. */
  readonly test: { readonly file: string; readonly name: string }
}

const TRANSITIONS = 'test/jobs/transitions.test.ts'

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the founding bug: the job is enqueued before its files are attached',
    file: 'src/queues/enqueuer.ts',
    find: 'await flows.add(flow)',
    replace: `await flows.add({ ...flow, children: [] })
    for (const child of flow.children!) await flows.add({ ...child, opts: { ...child.opts, failParentOnFailure: false } })`,
    test: {
      file: 'test/invariants/gate.test.ts',
      name: 'no worker is given a job while one of its files is not attached; then it is, once',
    },
  },
  {
    name: 'start does not count the attached files',
    file: 'src/jobs/lua/start.lua',
    find: 'if files == 0 or attached < files then',
    replace: 'if false then',
    test: {
      file: TRANSITIONS,
      name: 'start is refused while a file is not attached, and the missing ones are attached anew',
    },
  },
  {
    name: 'start does not look up BullMQ’s lock',
    file: 'src/jobs/lua/start.lua',
    find: "if redis.call('GET', KEYS[2]) ~= a.lock then",
    replace: 'if false then',
    test: { file: TRANSITIONS, name: 'a worker that lost BullMQ’s lock gets no token' },
  },
  {
    name: 'no fence on the start token',
    file: 'src/jobs/lua/prelude.lua',
    find: "if get('token') ~= a.token then return FINAL[status] and status or 'stale' end",
    replace: '',
    test: { file: TRANSITIONS, name: 'nothing that a zombie sends counts once another worker has started' },
  },
  {
    name: 'no outbox',
    file: 'src/jobs/lua/prelude.lua',
    find: "local function enqueue(entry) redis.call('ZADD', PREFIX .. ':outbox', moment, entry) end",
    replace: 'local function enqueue() end',
    test: {
      file: 'test/workers/process.test.ts',
      name: 'an API killed between the record and the flow: the job is enqueued and completes',
    },
  },
  {
    name: 'no reconciler',
    file: 'src/queues/reconciler.ts',
    find: 'async run(): Promise<void> {',
    replace: 'async run(): Promise<void> {\n      if (SLICE > 0) return',
    test: {
      file: 'test/queues/outbox.test.ts',
      name: 'puts back a job whose queue was emptied by hand, three times, and then ends it as job-lost with its callback',
    },
  },
  {
    name: 'the callback is made before the outcome is frozen',
    file: 'src/jobs/lua/prelude.lua',
    find: "  leaveStage(outcome == 'failed' and 'failed' or 'pending')\n",
    replace:
      "  local early = callsBack and deliver('job.' .. outcome) or nil\n  deliver = function() return early end\n",
    test: {
      file: TRANSITIONS,
      name: 'the delivery holds the job as it was when it ended, whatever happens to it later',
    },
  },
  {
    name: 'an idempotency key is answered without being held',
    file: 'src/jobs/lua/idempotency.lua',
    find: "return a.idempotency and redis.call('HGET', reservation(), 'token') ~= a.idempotency.token",
    replace: 'return false',
    test: {
      file: 'test/api/idempotency.test.ts',
      name: 'that ran out under its upload makes no job: another may have made it',
    },
  },
  {
    name: 'an idempotency key is not answered by the script that makes the job',
    file: 'src/jobs/lua/create.lua',
    find: 'keepAnswer({})\n',
    replace: '',
    test: {
      file: 'test/api/idempotency.test.ts',
      name: 'right after its job is made, and before it answers: the repeat is given that job',
    },
  },
  {
    name: 'the janitor ends uploads in parts that somebody claims',
    file: 'src/workers/janitor.ts',
    find: 'if (unclaimedKeys.length === 0) continue',
    replace: '',
    test: {
      file: 'test/workers/janitor-s3.test.ts',
      name: 'parts of an upload that was cut are removed, once its lease has run out and not before',
    },
  },
  {
    name: 'an upload to S3 that failed leaves its parts',
    file: 'src/storage/s3-new-object.ts',
    find: 'if (parts.path === path) await bucket.abortParts(path, parts.id, sending)',
    replace: '',
    test: {
      file: 'test/storage/s3.test.ts',
      name: 'again and again says that it is away, and the beginning of a large one is not left behind',
    },
  },
  {
    name: 'an upload that submits does not look at the others',
    file: 'src/jobs/lua/complete-upload.lua',
    find: "if submits and redis.call('ZCOUNT'",
    replace: "if false and redis.call('ZCOUNT'",
    test: {
      file: 'test/jobs/open-uploads.test.ts',
      name: 'I1: does not submit beneath another upload, and then changes nothing',
    },
  },
  {
    name: 'an open upload claims nothing',
    file: 'src/jobs/lua/unclaimed.lua',
    find: 'if ends and tonumber(ends) > now then open[cjson.decode(value).key] = true end',
    replace: '',
    test: {
      file: 'test/uploads/resumption.test.ts',
      name: 'leaves an unfinished upload alone until it has expired; then record and bytes go',
    },
  },
  {
    name: 'the janitor does not see that an upload is complete',
    file: 'src/uploads/sweep.ts',
    find: 'if ((await bytesOf(growing, state)) < open.size) return false',
    replace: 'if (open) return false',
    test: {
      file: 'test/uploads/resumption.test.ts',
      name: 'whose API process was killed right behind the last byte: the janitor completes it',
    },
  },
  {
    name: 'two requests write to one upload at once',
    file: 'src/jobs/lua/upload-lock.lua',
    find: "if redis.call('SET', KEYS[1], token, 'NX', 'PX', length) then",
    replace: "if redis.call('SET', KEYS[1], token, 'PX', length) then",
    test: {
      file: 'test/jobs/open-uploads.test.ts',
      name: 'is one request’s at a time; who waits is told to its holder, and gets it next',
    },
  },
  {
    name: 'bytes whose check died with its process count',
    file: 'src/uploads/completion.ts',
    find: 'return uncheckedFrom === null ? length : Math.min(length, uncheckedFrom)',
    replace: 'return length',
    test: {
      file: 'test/api/uploads.test.ts',
      name: 'that was still to be verified when its process died: those bytes do not count',
    },
  },
]

const root = join(import.meta.dirname, '..')
const copy = mkdtempSync(join(tmpdir(), 'sluice-mutate-'))

try {
  for (const folder of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
    cpSync(join(root, folder), join(copy, folder), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))

  let survivors = 0
  for (const mutation of MUTATIONS) {
    const verdict = judge(mutation)
    if (!verdict.killed) survivors++
    console.log(
      `${verdict.killed ? 'killed  ' : 'SURVIVED'}  ${mutation.name}\n          ${mutation.test.file}: ${mutation.test.name}\n          ${verdict.said}\n`,
    )
  }
  console.log(`${MUTATIONS.length - survivors} of ${MUTATIONS.length} mutations killed`)
  process.exitCode = survivors === 0 ? 0 : 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}

function judge(mutation: Mutation): { killed: boolean; said: string } {
  const before = run(mutation)
  if (before.status !== 'passed')
    return { killed: false, said: `the test does not pass on the source as it is: ${before.said}` }

  const path = join(copy, mutation.file)
  const source = readFileSync(path, 'utf8')
  const occurrences = source.split(mutation.find).length - 1
  if (occurrences !== 1)
    return { killed: false, said: `what is to be broken occurs ${occurrences} times in ${mutation.file}` }
  // A function, or a $ in the replacement would be taken for a pattern.
  writeFileSync(
    path,
    source.replace(mutation.find, () => mutation.replace),
  )
  try {
    const after = run(mutation)
    return { killed: after.status === 'failed' && after.said.includes('AssertionError'), said: after.said }
  } finally {
    writeFileSync(path, source)
  }
}

/** Runs one test in the copy. `said`: the first line of what it found. */
function run({ test }: Mutation): { status: string; said: string } {
  const report = join(copy, 'report.json')
  rmSync(report, { force: true })
  const pattern = test.name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const { stderr } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      test.file,
      '-t',
      pattern,
      '--reporter=json',
      `--outputFile=${report}`,
    ],
    { cwd: copy, encoding: 'utf8' },
  )
  let results: {
    testResults: { assertionResults: { title: string; status: string; failureMessages?: string[] }[] }[]
  }
  try {
    results = JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return { status: 'not run', said: stderr.split('\n')[0] ?? '' }
  }
  const found = results.testResults
    .flatMap(each => each.assertionResults)
    .find(each => each.title === test.name)
  return {
    status: found?.status ?? 'not found',
    said: found?.failureMessages?.[0]?.split('\n')[0] ?? found?.status ?? 'not found',
  }
}
