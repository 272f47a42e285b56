/**
 * What Sluice asks of a virus scanner. There are two verdicts, and whatever keeps it from either is thrown: no
 * silence, no refusal and no half of a scan is ever taken for a clean file.
 */
import type { Readable } from 'node:stream'

export type ScanResult =
  | { readonly clean: true }
  /** `signature`: what it found, in the scanner's words. */
  | { readonly clean: false; readonly signature: string }

export interface Scanner {
  /**
   * The source is read once and destroyed, whatever the outcome.
   *
   * @throws ScannerError; the source's own error, unchanged; the signal's reason, unchanged.
   */
  scan(source: Readable, signal: AbortSignal): Promise<ScanResult>

  /** Asks whether it is there. @throws ScannerError */
  ping(): Promise<void>

  /** Whether it says so where it has not looked at everything, instead of calling it clean. @throws ScannerError */
  tellsLimits(): Promise<boolean>
}

/**
 * - `away`: it cannot be reached, broke off, or says nothing.
 * - `refused`: it answered, but with no verdict.
 * - `limit`: it does not look at so large or so nested a file; only its operator can change that.
 */
export type ScannerErrorCode = 'away' | 'refused' | 'limit'

/** Its message is for the operator; clients are told less. */
export class ScannerError extends Error {
  override readonly name = 'ScannerError'
  readonly code: ScannerErrorCode
  /** Of `limit`: the scanner's name for it. */
  readonly limit: string | null

  constructor(code: ScannerErrorCode, message: string, options?: ErrorOptions & { readonly limit?: string }) {
    super(message, options)
    this.code = code
    this.limit = options?.limit ?? null
  }
}
