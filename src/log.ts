/**
 * The log: one line an event, on standard output. Text for people by default, JSON on request.
 *
 * Lines carry ids, counts and reasons, never the content of a customer's file (I7) and never a key or a secret.
 */
import { pino } from 'pino'
import pretty from 'pino-pretty'
import type { LogLevel } from './config.ts'

export type Log = pino.Logger

/** @param role who speaks, for example `api` or `worker 2`; stands in brackets at the head of each line. */
export function createLog(options: { level: LogLevel; format: 'text' | 'json'; role: string }): Log {
  const base = { name: options.role }
  if (options.format === 'json') return pino({ level: options.level, base })
  return pino(
    { level: options.level, base },
    pretty({
      sync: true,
      colorize: process.stdout.isTTY,
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'pid,hostname,name',
      messageFormat: '[{name}] {msg}',
      singleLine: true,
    }),
  )
}
