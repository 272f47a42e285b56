throw new Error('a fixture that crashes')
