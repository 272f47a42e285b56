/** How a value stands behind the key that names it: in code, JSON, YAML, XML, headers, command lines and logs. */

/** A quote, as it stands in a log: possibly escaped, possibly more than once. */
export const QUOTE = String.raw`\\{0,3}["'\`]`

/** Declared types, as in `token: string = "…"` and `var token string = "…"`. */
const TYPE = String.raw`(?:[ \t]{0,3}:?[ \t]{0,3}(?:string|str|String|char\*?|text|const|&str)(?=[ \t]{0,8}:?=))?`

/** `=`, `:`, `=>`, `:=`, `?=`, `.=`, `->` a comma after a quoted key, and a call: `withToken('…')`. */
export const ASSIGN = String.raw`(?:${QUOTE})?[\])]?${TYPE}[ \t]{0,40}(?:=>|->|(?:[:?|.+]{0,3}=(?!=)|:(?![:=]))|(?<=["'\`]),|\((?=["'\`]))[ \t]{0,40}(?:\[[ \t]{0,3}(?=\\{0,3}["']))?`

/** The same where the value has a line of its own: a block of YAML, an element of XML. */
export const ASSIGN_ON_NEXT_LINE = String.raw`(?:${QUOTE})?(?:[ \t]{0,3}:[ \t]{0,3}[|>]?[+-]?|[^<>\n]{0,80}>)[ \t]{0,3}\r?\n[ \t]{0,60}`

/** Elements and attributes of XML: `<token>…`, `name="token" value="…"`, `<entry key="token">…`. */
export const ASSIGN_IN_XML = String.raw`(?:[^<>\n"']{0,60}>[ \t]{0,8}|["'](?:[^<>\n]{0,60}?\bvalue=(?=["'])|[^<>\n]{0,60}>[ \t]{0,8}))`

/** In quotes up to the same quote; else up to what ends a word. A bracket that closes around it is left. */
export const VALUE = [
  String.raw`(?<quote>["'\`])(?<quoted>(?:(?!\k<quote>)[^\\\n]|\\[^\n]){1,4096})\k<quote>`,
  String.raw`(?<mark>\\{1,3}["'\`])(?<marked>(?:(?!\k<mark>)[^\n]){1,4096})\k<mark>`,
  String.raw`(?:${QUOTE})?(?<bare>(?=[^\s"'\`,;&<>\\])[^\s"'\`,;&<>\\]*(?:\\(?![nrt"'\`])[^\s"'\`,;&<>\\]*){0,64}(?<=[^\s"'\`,;&<>)\]}\\]))`,
].join('|')

/** An object printed by Java: `Token{a64f992`, `BinderProxy@1f2e3d`. */
const PRINTED_OBJECT = /^[A-Za-z_$][\w.$]*(?:\{|\(|@[0-9a-f]{1,8}\b)/
/** Code that gets the value from elsewhere: `config.password`, `getToken()`, `os.environ["X"]`, `var.db_password`. */
const CODE =
  /^(?:[A-Za-z_]\w*(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+|[A-Za-z_][\w.]*[([].*|(?:self|this|var|local|module|data|process|os|env|config|settings|args|params|request|req|ctx)[.:].*)$/
/** A package and its version, a path, an address, a mark of ours. */
const ELSEWHERE =
  /^(?:[a-z][a-z-]{2,40}[-@:]v?\d{1,4}(?:\.\d{1,6}){1,3}\b|[a-z]{2,10}:\/\/|\.{0,2}\/[\w.-]+(?:\/|$)|~\/|[A-Za-z]:\\|\[)/

/** Whether a value without quotes is no value, but code, an object or a place. */
export function isReference(value: string): boolean {
  return PRINTED_OBJECT.test(value) || CODE.test(value) || ELSEWHERE.test(value)
}

/** What a log says next where it only speaks of a password. */
export const PROSE =
  /^(?:for|files|from|to|is|was|has|and|or|the|a|an|of|in|on|at|by|with|must|should|cannot|can|changed?|check|auth\w*|fail\w*|incorrect|wrong|accepted|reset|prompt|policy|protected|login|user\w*|received|provided|supplied|expires?|history|strength|too|length|using|used|method|mode|type|field|hint|file|error|success\w*|required|only|attempt\w*|mismatch|match\w*|correct|verified|enter\w*|please)$/i
