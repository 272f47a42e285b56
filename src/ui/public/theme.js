// Before the first paint, so that a chosen theme does not flash up late; a file, because the policy forbids inline scripts.
document.documentElement.dataset.theme = localStorage.getItem('sluice.theme') ?? 'system'
