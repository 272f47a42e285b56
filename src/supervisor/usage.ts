/** Printed by `--help`. */
export const USAGE = `Sluice takes uploads, has them processed in stages, and calls back.

  npm start                 run everything on this machine
  npm start -- --help       this text
  npm start -- --version    the version
  npm run api, worker       one process of a role alone, with the Redis at REDIS_URL

Settings are environment variables. The most used:

  PORT, HOST                where to listen                         3000, 127.0.0.1
  REDIS_URL                 a Redis to use                          none: one is started, its data in SLUICE_DATA_DIR
  SLUICE_DATA_DIR           uploads, artifacts, embedded Redis      ./data
  SLUICE_STORAGE            where bytes are kept                    local; or s3://bucket/prefix
  SLUICE_WORKERS            worker processes                        number of cores
  SLUICE_API_KEYS           name:role:key, comma-separated          none: loopback only
  SLUICE_MAX_FILE_SIZE      the largest file                        5GiB
  SLUICE_MAX_FILES          the most files of a job                 100
  SLUICE_ATTEMPTS           attempts a run                          3
  SLUICE_STAGE_TIMEOUT      the longest a stage may stand still     1h
  SLUICE_RETENTION          how long finished jobs are kept         7d
  SLUICE_STORAGE_RESERVE    free disk below which uploads stop      1GiB
  SLUICE_WEBHOOK_SECRET     signs callbacks                         made on the first start
  SLUICE_WEBHOOK_ALLOW      private addresses callbacks may reach   none
  SLUICE_LOG_LEVEL          trace debug info warn error fatal       info
  SLUICE_LOG_FORMAT         text or json                            text

All of them, with their meaning, are in the operating guide: docs/operating.md
`
