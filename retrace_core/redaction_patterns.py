r"""The building blocks of redaction's rules: names that tell of secrets, shapes of values, of addresses and of numbers.

Belongs here: regular expressions for parts of text. Does not: which of them make a rule (`redaction_rules.py`).

The patterns read *protected* text: inside it `\"` is one `QUOTE` and `\\` one `BACKSLASH`, so a quotation mark of JSON
nested `n` levels deep reads as `BACKSLASH * (2 ** (n - 1) - 1) + QUOTE`. They are Rust regular expressions: no
look-around, so what stands left of a word is matched and put back by its group, and Unicode classes are avoided because
they are slow. None may start between a backslash and the letter it escapes.
"""

QUOTE = "\x01"
BACKSLASH = "\x02"
# Put between a name and what is no secret value; no value may start with it, and all are taken out at the end.
KEEP = "\x03"

TOKENS = r"\[(?:redacted|email|token|private-key|card|iban|ssn|phone)\]"
STARS = r"(?:[*•●∙·]|\\u2022|\\u25cf|\\u2219|\\u00b7)"
_ESCAPE = r"(?:\\|\x02+)u[0-9a-fA-F]{4}"
_SHORT_ESCAPE = r"\\[bfnrt/]|\x02+[bfnrt/]"
_PERCENT = r"%[0-9a-fA-F]{2}"
# A border to the left of a word: not a letter, a digit, `_` or `KEEP`; or an escape; or a percent-encoded byte.
LEFT = rf"(?P<p>^|[^A-Za-z0-9_\\\x03]|{_SHORT_ESCAPE}|{_ESCAPE}|{_PERCENT})"
LEFT_OF_NUMBER = rf"(?P<p>^|[^A-Za-z0-9_.\\\x03]|{_SHORT_ESCAPE}|{_ESCAPE}|{_PERCENT})"
LEFT_OF_PLUS = rf"^|[^A-Za-z0-9_)\\\x03]|{_SHORT_ESCAPE}"
LEFT_OF_ADDRESS = rf"(?P<p>{_SHORT_ESCAPE}|{_PERCENT})?"
RIGHT = r"(?-u:\b)"

# --- names -----------------------------------------------------------------------------------------------------------

# Secret at the end of a name: `accessToken`, `x-api-key`, `user[new_password]`.
_LONG_NAME = (
    r"(?:pass(?:word|wd|phrase|code)|passwort|kennwort|contrase(?:n|ñ|\\u00f1)a|wachtwoord|mot[_-]?de[_-]?passe"
    r"|secret|token|csrf|xsrf|jwt|credentials?|cookie|authorization|security[_-]?(?:code|answer)"
    r"|(?:api|access|private|secret|sign(?:ing)?|encryption|auth|account|license|subscription|service|master"
    r"|session|ssh|storage|shared|app|client|deploy)[_ -]?key"
    r"|(?:card|cc|credit[_-]?card)[_-]?(?:number|num|no|cvc|cvv|code)|one[_-]?time[_-]?code"
    r"|(?:verification|mfa|2fa|totp|sms|recovery|backup)[_-]?code|social[_-]?security(?:[_-]?(?:number|no))?)"
    r"(?:[_-]?(?:hash|digest|value|confirm(?:ation)?|confirmed|again|repeat|check|new|old|current|plain|raw))?[0-9]?"
)
# Secret as the last word of a name: `otp`, `card_cvv`, `userPwd`.
_SHORT_NAME = r"(?:pwd|otp|totp|cvv2?|cvc2?|ssn|mdp|senha|pincode|sessid)"
_CAMEL_NAME = r"[a-z0-9](?:Otp|OTP|Totp|Cvv|CVV|Cvc|CVC|Ssn|SSN|Pwd)"
NAME = rf"(?:(?i:{_LONG_NAME}|(?:^|[^A-Za-z0-9]){_SHORT_NAME})|{_CAMEL_NAME})"
# Credentials in a cookie or a query, though they may be public in JSON (`sessionId` is in every batch).
COOKIE_NAME = (
    r"(?i:[A-Za-z0-9_-]*sess(?:ion)?(?:[_-]?id)?|aspsessionid[a-z]*|asp\.net_sessionid|connect\.sid|sid|auth|pass|pin)"
)
# Credentials in a query if their value is long: OAuth codes, signed URLs, SSO answers.
QUERY_NAME = (
    r"(?i:sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token)|ticket|code|key|hmac"
    r"|saml(?:request|response)|assertion)"
)
# Secret as whole names only.
_WHOLE_NAME = r"(?:auth|pass|session|phpsessid|jsessionid|sid)"
# The names as whole JSON keys. `--token` is a CSS custom property; `sessionId` is left out on purpose.
CREDENTIAL_KEY = (
    rf"^(?:-?[^-].*)?(?:(?i:{_LONG_NAME})|{_CAMEL_NAME})\]?$"
    rf"|^(?i:.*[^A-Za-z0-9])?(?i:{_SHORT_NAME}|{_WHOLE_NAME})\]?$"
)
# Headers whose value may come as a list, or as the second of a pair.
CREDENTIAL_HEADER = r"(?i)^(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]*(?:token|key|auth|secret))$"
# Inputs whose value is secret, by `type` or `autocomplete` (HTML standard, autofill detail tokens).
CREDENTIAL_INPUT = r"(?i)^(?:password|(?:.* )?(?:current-password|new-password|one-time-code|cc-[a-z-]+))$"
# What stays as it is behind a secret name: empty, masked already, or plainly no secret.
NO_CREDENTIAL = rf"(?i)^(?:{STARS}*|{TOKENS}|[<\[]?(?:redacted|filtered|masked)[>\]]?|null|undefined|true|false)$"
# Words that follow a colon in sentences and selectors.
WORDS = (
    r"(?:hover|focus|active|visited|not|before|after|first|last|nth|only|checked|disabled|enabled|root|is|where|has"
    r"|target|placeholder|invalid|valid|required|optional|empty|link|lang|host|slotted|autofill|read"
    r"|must|should|cannot|can|may|was|were|are|be|the|an?|your|this|that|please|use|enter|at|no|too|and|or|to|in"
    r"|for|of|with|minimum|maximum|incorrect|wrong|missing|expired|forgotten|unknown|weak|strong|string|number)"
)
# What may stand between a name and its value.
MARK = r"(?:\x02*[\x01\"']|%(?:25)*22|&quot;|&#34;)"
QUOTED_WHOLE_NAME = rf"{MARK}(?i:{_WHOLE_NAME}){MARK}"
_GAPS = r"(?:[ \t]|\\t|\x02+t){0,3}"
EQUALS = rf"(?:\]|%5[Dd])*{_GAPS}(?:=|%(?:25)*3[Dd]){_GAPS}"
COLON = rf"{_GAPS}(?::|=>|%(?:25)*3[Aa]){_GAPS}"
# The colon of pretty-printed JSON, at any depth.
_SPREAD = r"(?:[ \t\r\n]|\\[nrt]|\x02+[nrt])*"
SPREAD_COLON = f"{_SPREAD}:{_SPREAD}"
LINE_ENDS = r"(?:[\r\n]|\\[rn]|\x02+[rn]){2,8}"

# --- values ----------------------------------------------------------------------------------------------------------

# In a class: spaces and control characters, all of them or all but `KEEP`.
BLANK, _BLANK_BUT_KEEP = r"\x00-\x20", r"\x00-\x02\x04-\x20"
# One character of an unquoted value. Escapes stay whole; a nested `\n` ends the value, another backslash does not, nor
# does an apostrophe inside of a word.
_ESCAPED = rf"{_ESCAPE}|\x02+[^{BLANK}bfnrtu/\"\\]"
VALUE_START = rf"(?:[^{BLANK}&;,\"'<>=:{{}}()\[\]|`\\]|{_ESCAPED})"
VALUE = rf"(?:[^{_BLANK_BUT_KEEP}&;,\"'<>{{}}()\[\]`\\]|'[A-Za-z0-9]|{_ESCAPED})"
VALUE_OR_BRACKET = rf"(?:[^{_BLANK_BUT_KEEP}&;\"'<>{{}}`\\]|'[A-Za-z0-9]|{_ESCAPED})"
PARAMETER_START = rf"(?:[^{BLANK}&#;\"'<>`\\]|{_ESCAPED})"
PARAMETER = rf"(?:[^{_BLANK_BUT_KEEP}&#;\"'<>`\\]|'[A-Za-z0-9]|{_ESCAPED})"
LINE = rf"(?:[^\r\n\"'\\\x01\x02]|{_ESCAPE})"

# A quoted value by its depth of nesting; each pair of groups puts the same quotation marks back.
_ESCAPED_AT_2 = r"\x02\x02(?:\x02[\x01\x02]|[^\"\x01\x02])"
_ESCAPED_AT_3 = r"\x02{4}(?:\x02{3}\x01|\x02{4}|[^\"\x01\x02])"
QUOTED = (
    r"(?:(?P<a>\")[^\"\x03][^\"]*(?P<b>\"|$)"
    r"|(?P<c>')[^'\"\x01-\x03\r\n][^'\"\x01\x02\r\n]*(?P<d>')"
    r"|(?P<e>\x01)(?:[^\"\x01-\x03]|\x02[^\"])(?:[^\"\x01\x02]|\x02[^\"])*(?P<f>\x01|$)"
    rf"|(?P<g>\x02\x01)(?:[^\"\x01-\x03]|{_ESCAPED_AT_2})(?:[^\"\x01\x02]|{_ESCAPED_AT_2})*(?P<h>\x02\x01|$)"
    rf"|(?P<i>\x02{{3}}\x01)(?:[^\"\x01-\x03]|{_ESCAPED_AT_3})(?:[^\"\x01\x02]|{_ESCAPED_AT_3})*"
    r"(?P<j>\x02{3}\x01|$)"
    r"|(?P<k>\x02{4,}\x01)[^\"\x01-\x03][^\"\x01]*?(?P<l>\x02{4,}\x01|$)"
    rf"|(?P<m>%(?:25)*22|&quot;|&#34;)[^&%{BLANK}\"](?:[^&%{_BLANK_BUT_KEEP}\"]|%[013-9A-Fa-f][0-9A-Fa-f])*"
    r"(?P<n>%(?:25)*22|&quot;|&#34;|$))"
)
QUOTED_REDACTED = "${a}${c}${e}${g}${i}${k}${m}[redacted]${b}${d}${f}${h}${j}${l}${n}"


def with_digit(characters: str, least: int) -> str:
    """Make a pattern of at least `least` characters one of which is a digit."""
    early = [rf"{characters}{{{at}}}[0-9]{characters}{{{least - 1 - at},}}" for at in range(least - 1)]
    return "(?:" + "|".join([*early, rf"{characters}{{{least - 1},}}[0-9]{characters}*"]) + ")"


# --- addresses -------------------------------------------------------------------------------------------------------

_AT = r"(?:@|%(?:25)?40|&#(?:64|x40);)"
# Letters beyond ASCII are taken from alphabets whose words stand apart by spaces (Latin to Georgian).
_LETTER = r"A-Za-z\x{c0}-\x{1fff}"
_LOCAL = rf"(?:[{_LETTER}0-9_.+-]|{_ESCAPE}|%2[bB])+"
EMAIL = (
    rf"{_LOCAL}(?:'{_LOCAL})*{_AT}"
    rf"[{_LETTER}0-9](?:[{_LETTER}0-9-]|{_ESCAPE})*(?:\.[{_LETTER}0-9-]+)*\.(?:xn--[a-z0-9-]+|[{_LETTER}]{{2,}})"
)
# What stands before the `@` of a URL, its `//` not included; browsers take all up to the last `@`.
_AUTHORITY = rf"[^{_BLANK_BUT_KEEP}/?#\"'<>\\"
USER_INFO = rf"{_AUTHORITY}@]{_AUTHORITY}]*"
_FILE = r"[A-Za-z0-9_./-]+\.(?:[cm]?js|jsx|tsx|css|map|png|jpe?g|gif|svg|webp|avif|woff2?|html?)(?:[^A-Za-z0-9_.@-]|$)"
# What follows the `@` in `logo@2x.png`, `vue@3.4.1` and in stack frames.
NO_DOMAIN = rf"(?:[0-9]+(?:\.[0-9]+)?x|v?[0-9]+\.[0-9]+|{_FILE})"
# An address on its way into a field: recorders send one event a key stroke.
HALF_TYPED_EMAIL = rf"^[^{BLANK}@/:]+@[{_LETTER}0-9.-]*$"

# --- numbers ---------------------------------------------------------------------------------------------------------

_GAP = r"(?:[ \x{a0}+-]|%20|\\u00[aA]0)?"
_FOUR = rf"{_GAP}[0-9]{{4}}"
_SIX = rf"{_GAP}[0-9]{{6}}"
# Issuer prefixes and lengths of Visa, Mastercard, Amex, Diners, Discover, JCB, UnionPay and Maestro (ISO/IEC 7812).
CARD = (
    rf"(?:(?:4[0-9]{{3}}|5[0-8][0-9]{{2}}|2[2-7][0-9]{{2}}|6011|6[2-7][0-9]{{2}}|35[0-9]{{2}})"
    rf"{_FOUR}{_FOUR}{_FOUR}(?:{_GAP}[0-9]{{1,3}})?"
    rf"|3[47][0-9]{{2}}{_SIX}{_GAP}[0-9]{{5}}|3(?:0[0-5]|[689][0-9])[0-9]{_SIX}{_FOUR}|4[0-9]{{12}})"
)
HALF_TYPED_CARD = r"^[3-6][0-9]{3}(?:[ -]?[0-9]){5,}[ -]?$"
# Coordinates of drawings, which a row of four-digit numbers could make look like a card.
GEOMETRY = r"^(?:[a-z]+[XY]?\()?[\sMmZzLlHhVvCcSsQqTtAa0-9eE(),.+-]*$"
GEOMETRY_KEYS = ("d", "points", "viewBox", "transform")

# Lengths from the SWIFT IBAN registry: without them any upper-case hash would do.
_IBAN_COUNTRIES = {
    15: "NO", 16: "BE", 18: "DK|FI|FO|GL|NL|SD", 19: "MK|SI", 20: "AT|BA|EE|KZ|LT|LU|MN|XK", 21: "CH|HR|LI|LV",
    22: "BG|BH|CR|DE|GB|GE|IE|ME|RS|VA", 23: "AE|GI|IL|IQ|OM|SO|TL", 24: "AD|CZ|ES|MD|PK|RO|SA|SE|SK|TN|VG",
    25: "LY|PT|ST", 26: "IS|TR", 27: "BI|DJ|FR|GR|IT|MC|MR|SM", 28: "AL|AZ|BY|CY|DO|GT|HU|LB|NI|PL|SV",
    29: "BR|EG|PS|QA|UA", 30: "JO|KW|MU", 31: "MT|SC", 32: "LC", 33: "RU",
}  # fmt: skip
IBAN = "|".join(
    rf"(?:{countries})[0-9]{{2}}(?:[ -]?[A-Z0-9]){{{length - 4}}}" for length, countries in _IBAN_COUNTRIES.items()
)
SSN = r"[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}"
PHONE = r"\+[1-9][0-9]{0,2}(?:[ -]?\([0-9]{1,4}\)|[ -][0-9]{1,4})(?:[ -]?[0-9]{2,4}){2,4}"
DOTTED_PHONE = r"\+[1-9][0-9]{0,2}(?:\.[0-9]{2,4}){3,4}"
# Digits that may be any of these; the shortest text it can match is `SHORTEST_NUMBER` bytes long.
NUMBERS = (
    rf"[0-9]{{4}}{_FOUR}|[0-9]{{3}}-[0-9]{{2}}-[0-9]{{4}}|\+[0-9]{{1,3}}[ .(-]|[A-Z]{{2}}[0-9]{{2}}[ -]?[A-Z0-9]{{4}}"
)
SHORTEST_NUMBER = 8
