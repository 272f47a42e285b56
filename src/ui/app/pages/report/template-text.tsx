/** A template, its varying parts told from the words that are always the same. */
import styles from './template-text.module.css'

const VARIES = '<*>'

export function TemplateText({ text }: { text: string }) {
  return text.split(VARIES).map((words, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have no other name than their place.
    <span key={place}>
      {place > 0 && (
        <span className={styles.varies} title="Varies">
          {VARIES}
        </span>
      )}
      {words}
    </span>
  ))
}
