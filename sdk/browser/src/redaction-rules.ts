// What a secret looks like in text: the server's rules (retrace_core/redaction_rules.py), as far as they concern a page.
// test/redaction-examples.json holds what both sides must agree on.
//
// No repetition may overlap its neighbour without a bound: a hostile page must not be able to stall itself here.
// No look-behind: Safari before 16.4 would refuse the whole script.

export const MASK = "[redacted]";
const TOKEN = "[token]";

// --- names ----------------------------------------------------------------------------------------------------------

// Secret at the end of a name: `accessToken`, `x-api-key`, `user[new_password]`.
const LONG_NAME =
  "(?:pass(?:word|wd|phrase|code)|passwort|kennwort|contrase(?:n|ñ)a|wachtwoord|mot[_-]?de[_-]?passe|secret|token|csrf|xsrf|jwt" +
  "|credentials?|cookie|authorization|security[_-]?(?:code|answer)" +
  "|(?:api|access|private|secret|sign(?:ing)?|encryption|auth|account|license|subscription|service|master|session|ssh" +
  "|storage|shared|app|client|deploy)[_ -]?key" +
  "|(?:card|cc|credit[_-]?card)[_-]?(?:number|num|no|cvc|cvv|code)|one[_-]?time[_-]?code" +
  "|(?:verification|mfa|2fa|totp|sms|recovery|backup)[_-]?code|social[_-]?security(?:[_-]?(?:number|no))?)" +
  "(?:[_-]?(?:hash|digest|value|confirm(?:ation)?|confirmed|again|repeat|check|new|old|current|plain|raw))?\\d?";
// Secret as the last word of a name: `otp`, `card_cvv`, `userPwd`.
const SHORT_NAME = "(?:pwd|t?otp|cvv2?|cvc2?|ssn|mdp|senha|pincode|sessid)";
// The same at the end of `userOtp`, where case tells it from a word.
const CAMEL_NAME = "[a-z0-9](?:Otp|OTP|Totp|Cvv|CVV|Cvc|CVC|Ssn|SSN|Pwd)";
// Secret as whole names only.
const WHOLE_NAME = "(?:auth|pass|session|phpsessid|jsessionid|sid)";
// In text case is not looked at: few words end like these.
const NAME = `(?:${LONG_NAME}|t?otp|cvv2?|cvc2?|ssn|pwd|\\b${SHORT_NAME}|_${SHORT_NAME})`;
// Credentials in a cookie or a query, though they may be public in JSON (`sessionId` is in every batch).
const COOKIE_NAME =
  "(?:[\\w-]{0,40}sess(?:ion)?(?:[_-]?id)?|aspsessionid[a-z]{0,20}|asp\\.net_sessionid|connect\\.sid|sid|auth|pass|pin)";

const KEY_NAME = new RegExp(`^(?:-?[^-].*)?${LONG_NAME}\\]?$|^(?:.*[^a-z0-9])?(?:${SHORT_NAME}|${WHOLE_NAME})\\]?$`, "i");
const CAMEL_KEY_NAME = new RegExp(`${CAMEL_NAME}\\]?$`);
const LONGEST_NAME = 100;

/** Whether what a field, key, header or attribute of this name holds is secret. */
export function isSecretName(name: string): boolean {
  return name.length <= LONGEST_NAME && (KEY_NAME.test(name) || CAMEL_KEY_NAME.test(name));
}

// Words that follow a colon in sentences and selectors.
const WORDS =
  "(?:hover|focus|active|visited|not|before|after|first|last|nth|only|checked|disabled|enabled|root|is|where|has|target" +
  "|placeholder|invalid|valid|required|optional|empty|link|lang|host|slotted|autofill|read|must|should|cannot|can|may|was" +
  "|were|are|be|the|an?|your|this|that|please|use|enter|at|no|too|and|or|to|in|for|of|with|minimum|maximum|incorrect|wrong" +
  "|missing|expired|forgotten|unknown|weak|strong|string|number)(?!\\w|=)";

const STARS = "[*•●∙·]";
const TOKENS = "\\[(?:redacted|email|token|private-key|card|iban|ssn|phone)\\]";
const KEPT = `(?:${STARS}+|${TOKENS}|null|undefined|true|false|none)(?:["'\\\\&;,\\s)}\\]%<]|$)`;
const NOTHING_SECRET = new RegExp(`^(?:${STARS}*|${TOKENS}|null|undefined|true|false)$`, "i");

/** Whether a value behind a secret name gives nothing away: empty, masked already, or plainly no secret. */
export function isNothingSecret(value: string): boolean {
  return NOTHING_SECRET.test(value);
}

// --- shapes ---------------------------------------------------------------------------------------------------------

// A border to the left of a word: no letter or digit; or an escape, as nested JSON has it; or a percent-encoded byte.
const LEFT = "(^|[^\\w\\\\]|\\\\+(?:[bfnrt/]|u[\\da-f]{4})|%[\\da-f]{2})";
const MARK = "(?:\\\\*[\"']|%(?:25)?22|&quot;|&#34;)";
const GAP = "(?:[ \\t]|\\\\+t){0,3}";
const EQUALS = `(?:\\]|%5d){0,3}${GAP}(?:=|%(?:25)?3d)${GAP}`;
const COLON = `${GAP}(?::|=>|%(?:25)?3a)${GAP}`;
const SPREAD_COLON = "(?:\\s|\\\\+[nrt]){0,40}:(?:\\s|\\\\+[nrt]){0,40}";
const VALUE = "(?:[^\\s&;,\"'<>{}()[\\]`\\\\]|'[a-z0-9])";
const VALUE_START = "[^\\s&;,\"'<>=:{}()[\\]|`\\\\]";
const PARAMETER = "(?:[^\\s&#;\"'<>`\\\\]|'[a-z0-9])";

const LETTER = "a-zA-Z\\u00c0-\\u1fff";
const FILE = "[\\w./-]{1,200}\\.(?:[cm]?js|jsx|tsx|css|map|png|jpe?g|gif|svg|webp|avif|woff2?|html?)(?:[^\\w.@-]|$)";
// What follows the `@` in `logo@2x.png`, `vue@3.4.1` and in stack frames.
const NO_DOMAIN = `(?:\\d+(?:\\.\\d+)?x|v?\\d+\\.\\d+|${FILE})`;
const LOCAL = `[${LETTER}\\d_.+-]{1,64}`;
const EMAIL =
  `(?:%2b|${LOCAL})(?:(?:'|%2b)${LOCAL}){0,4}(?:@(?!${NO_DOMAIN})|%(?:25)?40|&#(?:64|x40);)` +
  `[${LETTER}\\d](?:[${LETTER}\\d-]{0,62})(?:\\.[${LETTER}\\d-]{1,63}){0,8}\\.(?:xn--[a-z\\d-]{1,59}|[${LETTER}]{2,24})`;

const UUID = "[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}";
const NUMBER_GAP = "(?:[ \\u00a0+-]|%20)?";
const FOUR = `${NUMBER_GAP}\\d{4}`;
const SIX = `${NUMBER_GAP}\\d{6}`;
// Issuer prefixes and lengths of Visa, Mastercard, Amex, Diners, Discover, JCB, UnionPay and Maestro (ISO/IEC 7812).
const CARD =
  `(?:(?:4\\d{3}|5[0-8]\\d{2}|2[2-7]\\d{2}|6011|6[2-7]\\d{2}|35\\d{2})${FOUR}${FOUR}${FOUR}(?:${NUMBER_GAP}\\d{1,3})?` +
  `|3[47]\\d{2}${SIX}${NUMBER_GAP}\\d{5}|3(?:0[0-5]|[689]\\d)\\d${SIX}${FOUR}|4\\d{12})\\b`;
// Lengths from the SWIFT IBAN registry: without them any upper-case hash would do.
const IBAN_COUNTRIES =
  "15NO 16BE 18DK|FI|FO|GL|NL|SD 19MK|SI 20AT|BA|EE|KZ|LT|LU|MN|XK 21CH|HR|LI|LV 22BG|BH|CR|DE|GB|GE|IE|ME|RS|VA " +
  "23AE|GI|IL|IQ|OM|SO|TL 24AD|CZ|ES|MD|PK|RO|SA|SE|SK|TN|VG 25LY|PT|ST 26IS|TR 27BI|DJ|FR|GR|IT|MC|MR|SM " +
  "28AL|AZ|BY|CY|DO|GT|HU|LB|NI|PL|SV 29BR|EG|PS|QA|UA 30JO|KW|MU 31MT|SC 32LC 33RU";
const IBAN = IBAN_COUNTRIES.replace(
  /(\d+)([A-Z|]+) ?/g,
  (_, length: string, countries: string) => `|(?:${countries})\\d{2}(?:[ -]?[A-Z\\d]){${Number(length) - 4}}`,
).slice(1);
const SSN = "[0-8]\\d{2}-\\d{2}-\\d{4}(?![\\w-])";
const PHONE =
  "\\+[1-9]\\d{0,2}(?:(?:[ -]?\\(\\d{1,4}\\)|[ -]\\d{1,4})(?:[ -]?\\d{2,4}){2,4}|(?:\\.\\d{2,4}){3,4})\\b";
/** Digits that may be any of these. */
const NUMBERS = new RegExp(`\\d{4}${FOUR}|\\d{3}-\\d\\d-\\d{4}|\\+\\d{1,3}[ .(-]|[A-Z]{2}\\d{2}[ -]?[A-Z\\d]{4}`);

// Vendors that mark their credentials by prefix. Case counts.
const VENDOR_TOKENS = [
  "A(?:KIA|SIA|BIA|CCA)[A-Z\\d]{16}|AIza[\\w-]{35}|ya29\\.[\\w-]{20,}|GOCSPX-[\\w-]{20,}|do[opr]_v1_[a-f\\d]{64}|dapi[a-f\\d]{32}",
  "gh[pousr]_[A-Za-z\\d]{20,}|github_pat_\\w{22,}|gl(?:pat|dt|ptt|rt|soat|cbt)-[\\w-]{16,}|ATATT3[\\w=-]{20,}|lin_api_[A-Za-z\\d]{20,}",
  "xox[abeoprs]-[A-Za-z\\d-]{10,}|xapp-[A-Za-z\\d-]{10,}|\\d{8,10}:AA[\\w-]{33}",
  "[sr]k_(?:live|test)_[A-Za-z\\d]{10,}|whsec_[A-Za-z\\d+/=]{16,}|sq0(?:atp|csp)-[\\w-]{20,}|shp(?:at|ss|ca|pa)_[a-fA-F\\d]{32}",
  "sk-(?:(?:proj|ant|svcacct|admin|or)-[\\w-]{16,}|[A-Za-z\\d]{20,})|hf_[A-Za-z\\d]{30,}|gsk_[A-Za-z\\d]{40,}",
  "npm_[A-Za-z\\d]{30,}|pypi-[\\w-]{16,}|rubygems_[a-f\\d]{40,}|dckr_pat_[\\w-]{20,}",
  "SG\\.[\\w-]{16,}\\.[\\w-]{16,}|SK[\\da-f]{32}|key-[\\da-f]{32}|[\\da-f]{32}-us\\d{1,2}",
  "hv[sb]\\.[\\w-]{20,}|glsa_\\w{20,}|sntry[us]_[\\w=+/-]{20,}|PMAK-[a-f\\d-]{30,}|rtst_\\w{8,}|eyJ[\\w-]{5,}(?:\\.[\\w-]+){1,4}\\.?",
].join("|");

// --- rules ----------------------------------------------------------------------------------------------------------

/** A kind of secret, looked for only in texts that hold one of `hints` (lower case), or numbers if it has none. */
export interface Rule {
  readonly hints: readonly string[];
  apply(text: string): string;
}

const NAME_HINTS =
  "pass pwd wort contrase wachtwoord secret token csrf xsrf jwt credential cookie authorization security key card ccn cc- " +
  "cc_ ccc code otp cvv cvc ssn mdp senha sessid";
const COOKIE_HINTS = "sess sid= sid%3d auth= auth%3d pass pin= pin%3d";

function words(text: string): string[] {
  return text.split(" ").filter(Boolean);
}

function rule(hints: string, flags: string, source: string, replacement: string | ((...match: string[]) => string)): Rule {
  const pattern = new RegExp(source, `g${flags}`);
  // The two kinds of replacement are two overloads to the compiler.
  const apply = (text: string) =>
    typeof replacement === "string" ? text.replace(pattern, replacement) : text.replace(pattern, replacement);
  return { hints: words(hints), apply };
}

const BEFORE_QUOTED = new RegExp(
  `(?:${NAME}${MARK}?(?:${SPREAD_COLON}|${COLON}|${EQUALS})|${MARK}${WHOLE_NAME}${MARK}${SPREAD_COLON})(\\\\*["']|%(?:25)?22|&quot;|&#34;)`,
  "gi",
);

/** Masks values in quotation marks behind a secret name: JSON at any depth of nesting, HTML attributes, code. */
function maskQuoted(text: string): string {
  let masked = "";
  let from = 0;
  BEFORE_QUOTED.lastIndex = 0;
  for (let found = BEFORE_QUOTED.exec(text); found; found = BEFORE_QUOTED.exec(text)) {
    const start = BEFORE_QUOTED.lastIndex;
    const end = closingMark(text, start, found[1] ?? "");
    if (end > start && !isNothingSecret(text.slice(start, end))) {
      masked += text.slice(from, start) + MASK;
      from = end;
    }
    BEFORE_QUOTED.lastIndex = Math.max(start, end);
  }
  return masked + text.slice(from);
}

/** Where the same quotation mark closes; text that was cut may end without one. An apostrophe alone opens nothing. */
function closingMark(text: string, start: number, mark: string): number {
  const quote = mark.slice(-1);
  if (quote !== '"' && quote !== "'") return indexOrEnd(text, mark, start);
  const depth = mark.length - 1;
  for (let at = text.indexOf(quote, start); at >= 0; at = text.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (at - slashes > start && text[at - slashes - 1] === "\\") slashes += 1;
    if (depth === 0 ? slashes % 2 === 0 : slashes === depth) return at - depth;
  }
  return quote === "'" ? start : text.length;
}

function indexOrEnd(text: string, part: string, from: number): number {
  const at = text.indexOf(part, from);
  return at < 0 ? text.length : at;
}

const PASSWORD_TYPE = /\btype\\*"\s*:\s*\\*"password\\*"/i;

/** In the order in which they run. */
export const RULES: readonly Rule[] = [
  rule(
    "-----begin",
    "",
    "-----BEGIN [A-Z\\d ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----[^]*?(?:-----END [A-Z\\d ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----|$)",
    "[private-key]",
  ),
  // A password field in a piece of HTML carries its value as an attribute.
  rule("password", "i", "<input\\b[^<>]{0,2000}", (tag) =>
    /\stype\s*=\s*\\*["']?(?:password|hidden)\b/i.test(tag)
      ? tag.replace(/(\svalue\s*=\s*\\*(["'])).*?(?=\\*\2|$)/gi, `$1${MASK}`)
      : tag,
  ),
  // The same described as JSON.
  rule("password", "i", "\\{[^{}]{0,2000}", (object) =>
    PASSWORD_TYPE.test(object) ? object.replace(/(\bvalue\\*"\s*:\s*\\*").*?(?=\\*"|$)/gi, `$1${MASK}`) : object,
  ),
  { hints: words(`${NAME_HINTS} auth sess sid`), apply: maskQuoted },
  rule(NAME_HINTS, "i", `(${NAME}${MARK}${SPREAD_COLON})-?\\d[\\d.e+-]*`, "$10"),
  rule(NAME_HINTS, "i", `(<(?:\\w{1,40}:)?[\\w.-]{0,60}${NAME}(?:\\s[^<>]{0,500})?>)[^<>]+(?=<)`, `$1${MASK}`),
  rule(
    "authorization",
    "i",
    `(authorization${MARK}?\\s{0,9}[:=]\\s{0,9})(?:bearer|basic|token|digest|negotiate|api-?key|hmac|bot|key|jwt|oauth|aws4-hmac-sha256)\\s+[^\\r\\n"'\\\\]+`,
    `$1${MASK}`,
  ),
  rule("cookie", "i", `(cookie\\s{0,9}:\\s{0,9})(?!${WORDS})[^\\s=:;,"'\\\\]{1,100}=[^\\r\\n"'\\\\]*`, `$1${MASK}`),
  rule(
    `${NAME_HINTS} ${COOKIE_HINTS}`,
    "i",
    `((?:[?&#]|&amp;|%3f|%26)(?:[\\w.$[-]|%5b){0,60}?(?:${NAME}|${COOKIE_NAME})${EQUALS})(?!${KEPT})${PARAMETER}+`,
    `$1${MASK}`,
  ),
  // OAuth codes, signatures of signed URLs, API keys: long values only, `?code=404` is none.
  rule(
    "sig= signature= x-amz- x-goog- ticket= code= key= hmac= saml assertion=",
    "i",
    "((?:[?&#]|&amp;|%3f|%26)(?:sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token)|ticket|code|key|hmac" +
      `|saml(?:request|response)|assertion)=)(?!${KEPT})${PARAMETER}{10,}`,
    `$1${MASK}`,
  ),
  rule(COOKIE_HINTS, "i", `${LEFT}(${COOKIE_NAME}(?:=|%3d))(?!${KEPT})${VALUE_START}${VALUE}{2,}`, `$1$2${MASK}`),
  rule(
    NAME_HINTS,
    "i",
    `(${NAME}${EQUALS})(?!${KEPT})${VALUE_START}(?:${VALUE}|[,()[\\]])${"{2,}"}|(${NAME}${COLON})(?!${KEPT}|${WORDS})${VALUE_START}${VALUE}{2,}`,
    (_, assigned, named) => `${assigned ?? named}${MASK}`,
  ),
  rule("@", "", "(:(?:\\\\*/){2})[^\\s/?#\"'<>\\\\@][^\\s/?#\"'<>\\\\]{0,300}@", `$1${MASK}@`),
  rule(
    "bearer basic",
    "i",
    `${LEFT}((?:bearer|basic)(?:\\s|%20|\\+){1,3})(?:(?=[\\w.~+/=-]{0,200}\\d)[\\w.~+/=-]{8,}|[\\w.~+/=-]{20,}|[\\w-]{3,}\\.[\\w-]{3,}\\.[\\w-]+)`,
    `$1$2${MASK}`,
  ),
  // Without digits it must look encoded: `Basic plan` and `bearer of news` are words.
  rule("basic", "", `${LEFT}([Bb]asic(?:\\s|%20|\\+){1,3})[A-Za-z\\d+/]{5,}[a-z][A-Z][A-Za-z\\d+/]{2,}=*`, `$1$2${MASK}`),
  // Whoever knows a Slack or Discord webhook address may post to it.
  rule(
    "hooks",
    "i",
    "(hooks\\.slack\\.com|discord(?:app)?\\.com\\\\*/api\\\\*/webhooks)(?:\\\\*/[\\w-]+){2,}",
    `$1/${TOKEN}`,
  ),
  rule(
    "akia asia abia acca aiza ya29. gocspx- _v1_ dapi ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ atatt3 lin_api_ glpat- gldt- " +
      "glptt- glrt- glsoat- glcbt- xox xapp- :aa k_live_ k_test_ whsec_ sq0 shp sk- hf_ npm_ pypi- rubygems_ dckr_pat_ sg. " +
      "key- -us sk hvs. hvb. glsa_ sntry pmak- rtst_ eyj",
    "",
    `(^|[^\\w\\\\]|\\\\+(?:[bfnrt/]|u[\\da-fA-F]{4})|%[\\da-fA-F]{2})(?:${VENDOR_TOKENS})`,
    `$1${TOKEN}`,
  ),
  rule("@ %40 %2540 &#64; &#x40;", "i", `(\\\\+[bfnrt/])?${EMAIL}`, "$1[email]"),
  rule(
    "",
    "",
    `(^|[^\\w.\\\\]|\\\\+(?:[bfnrt/]|u[\\da-fA-F]{4})|%[\\da-fA-F]{2})(?:(${UUID.replace(/a-f/g, "a-fA-F")})|(${CARD})|(${IBAN})\\b|(${SSN}))`,
    (whole, left, uuid, card, iban) => (uuid ? whole : `${left}${card ? "[card]" : iban ? "[iban]" : "[ssn]"}`),
  ),
  rule("", "", `(^|[^\\w)\\\\]|\\\\+[bfnrt/])${PHONE}`, "$1[phone]"),
];

const HINTED = new RegExp(
  [...new Set(RULES.flatMap(({ hints }) => hints))].map((hint) => hint.replace(/[.$?]/g, "\\$&")).join("|"),
  "i",
);

/** Whether any rule may find something: spares most texts all of them. */
export function isSuspicious(text: string): boolean {
  return HINTED.test(text) || hasNumbers(text);
}

export function hasNumbers(text: string): boolean {
  return NUMBERS.test(text);
}
