/** The processes that a process has started. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export interface ChildOf {
  readonly pid: number
  /** Its command line. */
  readonly command: string
}

export function childrenOf(parent: number): ChildOf[] {
  return existsSync('/proc/self/stat') ? fromProc(parent) : fromPs(parent)
}

function fromProc(parent: number): ChildOf[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        // The name in brackets may hold anything, also brackets.
        const [, parentId] = /.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))!
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return Number(parentId) === parent ? [{ pid: Number(name), command }] : []
      } catch {
        // It ended while we looked.
        return []
      }
    })
}

function fromPs(parent: number): ChildOf[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .flatMap(line => {
      const [, pid, parentId, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
      return Number(parentId) === parent ? [{ pid: Number(pid), command: command! }] : []
    })
}
