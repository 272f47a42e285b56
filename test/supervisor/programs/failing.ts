process.send!({ type: 'failed', message: 'The fixture cannot start: it is made so.' }, () => process.exit(1))
