import { askOnce } from '../../../src/redis/server.ts'

/** Behaves as the API and the workers do towards their supervisor. */
const name = process.env.SLUICE_WORKER_INDEX ? `worker ${process.env.SLUICE_WORKER_INDEX}` : 'api'
const keepAlive = setInterval(() => {}, 60_000)

let ending = false
const end = (why: string) => {
  if (ending) return
  ending = true
  console.log(`<${name} ends: ${why}>`)
  // Long enough for a second interrupt to arrive meanwhile.
  setTimeout(async () => {
    const path = process.env.REDIS_URL!.replace('unix://', '')
    const said = await askOnce({ path }, client => client.ping()).catch(error => error.message)
    console.log(`<${name} has ended, Redis says ${said}>`)
    clearInterval(keepAlive)
    if (process.connected) process.disconnect()
  }, 200)
}
process.once('SIGTERM', () => end('SIGTERM'))
process.once('disconnect', () => end('disconnect'))
process.on('SIGINT', () => {})

console.log(`<${name} is up, pid ${process.pid}, redis ${process.env.REDIS_URL}>`)
process.send!({ type: 'ready', url: 'http://127.0.0.1:4711' })
