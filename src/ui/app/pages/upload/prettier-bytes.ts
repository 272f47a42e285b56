/** Stands in for Uppy's own, by the build: a size reads the same wherever it is shown. */
export { bytes as prettierBytes } from '../../format.ts'
