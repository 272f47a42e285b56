/** Never ends by itself. */
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => console.log(`<ignored ${signal}>`))
setInterval(() => {}, 60_000)
console.log(`<stubborn is up, pid ${process.pid}>`)
process.send!({ type: 'ready' })
