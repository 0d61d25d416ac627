r"""What redaction takes for a secret, and what it must not: two tables.

Belongs here: each rule and each exemption with its name and its reason. Does not: how text is made ready for them and
how JSON structure is kept (`redaction.py`), the vocabulary they are built of (`redaction_patterns.py`).

Rules run in the order of the table. A replacement is a constant token, or puts back what stood around the secret.
"""

from typing import NamedTuple

from retrace_core import redaction_patterns as p
from retrace_core.redaction_patterns import EQUALS, KEEP, LEFT, MARK, NAME, QUOTED, QUOTED_REDACTED, RIGHT, SPREAD_COLON

REDACTED = "[redacted]"
EMAIL = "[email]"
CARD = "[card]"


class Rule(NamedTuple):
    """A kind of secret: `pattern` finds it, and only in texts that hold one of `hints`, whatever its case.

    A rule without hints looks for digits and runs where `redaction_patterns.NUMBERS` finds some.
    """

    name: str
    reason: str
    hints: tuple[str, ...]
    pattern: str
    replacement: str


class Keep(NamedTuple):
    """An exemption: its replacement puts `KEEP` marks where no rule may read on."""

    name: str
    reason: str
    pattern: str
    replacement: str


def _vendor_token(name: str, vendors: str, hints: tuple[str, ...], shapes: str) -> Rule:
    """Make the rule for tokens that vendors mark with a prefix of their own."""
    return Rule(name, f"{vendors} mark their credentials by prefix.", hints, rf"{LEFT}(?:{shapes})", "${p}[token]")


KEEPS: tuple[Keep, ...] = (
    Keep(
        "masked_already",
        "Stars, our own tokens and `null` say what happened and hide nothing.",
        rf"(?i)((?:[:=]|%3[AD])\s{{0,3}}{MARK}?)"
        rf"((?:{p.STARS}+|{p.TOKENS}|null|undefined|true|false|none)(?:[\"'\x01\x02&;,\s\\)}}\]%<]|$))",
        f"${{1}}{KEEP}${{2}}",
    ),
    Keep(
        "own_tokens",
        "`[token]=` is a name only to someone who reads it the second time.",
        rf"({p.TOKENS})",
        f"${{1}}{KEEP}",
    ),
    Keep(
        "words_after_a_colon",
        "`Password: must be longer` and `.token:hover` name no value.",
        rf"(?i)(:\s{{0,3}})({p.WORDS}(?:[^A-Za-z0-9_=]|$))",
        f"${{1}}{KEEP}${{2}}",
    ),
    Keep(
        "uuid",
        "Groups of a UUID may all be digits and look like a card.",
        r"([0-9a-fA-F]{8})(-[0-9a-fA-F]{4})(-[0-9a-fA-F]{4})(-[0-9a-fA-F]{4})(-[0-9a-fA-F]{12})",
        f"${{1}}{KEEP}${{2}}{KEEP}${{3}}{KEEP}${{4}}{KEEP}${{5}}",
    ),
    Keep(
        "file_after_an_at",
        "`logo@2x.png`, `vue@3.4.1-rc.x` and stack frames `f@main.js:1` are no addresses.",
        rf"(@)({p.NO_DOMAIN})",
        f"${{1}}{KEEP}${{2}}",
    ),
)

_NAME_HINTS = (
    *("pass", "pwd", "wort", "contrase", "wachtwoord", "secret", "token", "csrf", "xsrf", "jwt", "credential"),
    *("cookie", "authorization", "security", "key", "card", "ccn", "cc-", "cc_", "ccc", "code", "otp", "cvv", "cvc"),
    *("ssn", "mdp", "senha", "sessid"),
)  # fmt: skip
_COOKIE_HINTS = ("sess", "sid=", "sid%3d", "auth=", "auth%3d", "pass", "pin=", "pin%3d")
_PASSWORD_FIELD = rf"type{MARK}{SPREAD_COLON}{MARK}password{MARK}"
_QUERY_START = r"(?:[?&#]|&amp;|%3F|%26)"

RULES: tuple[Rule, ...] = (
    Rule(
        "private_key",
        "A PEM block is a key whole, across its escaped line ends.",
        ("-----begin",),
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----"
        r"(?:[^\"\x01<>]*?-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|(?:[A-Za-z0-9+/=:,.\s-]|\\[nrt]|\x02+[nrt])*)",
        "[private-key]",
    ),
    Rule(
        "password_field_html",
        "A password field in a piece of HTML carries its value as an attribute.",
        ("password",),
        rf"(?i)(?P<p><input{RIGHT}[^<>]*?\stype\s*=\s*{MARK}?password{RIGHT}[^<>]*?\svalue\s*=\s*){QUOTED}",
        f"${{p}}{QUOTED_REDACTED}",
    ),
    Rule(
        "password_field_html_value_first",
        "The same with the attributes in the other order.",
        ("password",),
        rf"(?i)(?P<p><input{RIGHT}[^<>]*?\svalue\s*=\s*){QUOTED}(?P<s>[^<>]*?\stype\s*=\s*{MARK}?password{RIGHT})",
        f"${{p}}{QUOTED_REDACTED}${{s}}",
    ),
    Rule(
        "password_field_json",
        "A password field described in nested JSON.",
        ("password",),
        rf"(?P<p>{_PASSWORD_FIELD}[^{{}}]*?[^A-Za-z0-9_-]value{MARK}{SPREAD_COLON}){QUOTED}",
        f"${{p}}{QUOTED_REDACTED}",
    ),
    Rule(
        "password_field_json_value_first",
        "The same with the properties in the other order.",
        ("password",),
        rf"(?P<p>[^A-Za-z0-9_-]value{MARK}{SPREAD_COLON}){QUOTED}(?P<s>[^{{}}]*?{_PASSWORD_FIELD})",
        f"${{p}}{QUOTED_REDACTED}${{s}}",
    ),
    Rule(
        "quoted_secret",
        "A value in quotation marks behind a secret name: nested JSON at any depth, HTML attributes, code.",
        (*_NAME_HINTS, "auth", "sess", "sid"),
        rf"(?P<p>{NAME}{MARK}?(?:{SPREAD_COLON}|{p.COLON}|{EQUALS})|{p.QUOTED_WHOLE_NAME}{SPREAD_COLON}){QUOTED}",
        f"${{p}}{QUOTED_REDACTED}",
    ),
    Rule(
        "secret_number",
        "A number behind a secret name in nested JSON; it stays a number, so the JSON stays valid.",
        _NAME_HINTS,
        rf"(?P<p>{NAME}{MARK}{SPREAD_COLON})-?[0-9][0-9.eE+-]*",
        "${p}0",
    ),
    Rule(
        "xml_secret",
        "An element of XML with a secret name, as SOAP bodies have it.",
        _NAME_HINTS,
        rf"(?P<p><(?:[A-Za-z][A-Za-z0-9_.-]*:)?[A-Za-z0-9_.-]*{NAME}(?:\s[^<>]*)?>)[^<>\x03][^<>]*(?P<s><)",
        f"${{p}}{REDACTED}${{s}}",
    ),
    Rule(
        "multipart_secret",
        "A part of a multipart form with a secret name.",
        _NAME_HINTS,
        rf"(?P<p>name={MARK}[A-Za-z0-9_.\[-]*{NAME}\]?{MARK}{p.LINE_ENDS}){p.LINE}+",
        f"${{p}}{REDACTED}",
    ),
    Rule(
        "authorization_header",
        "An authorization header as a line of text: scheme and credentials.",
        ("authorization",),
        rf"(?P<p>(?i:authorization){MARK}?\s*[:=]\s*)"
        rf"(?i:bearer|basic|token|digest|negotiate|api-?key|hmac|bot|key|jwt|oauth|aws4-hmac-sha256)\s+{p.LINE}+",
        f"${{p}}{REDACTED}",
    ),
    Rule(
        "cookie_header",
        "A cookie header as a line of text: every cookie in it.",
        ("cookie",),
        rf"(?P<p>(?i:cookie)\s*:\s*)[^{p.BLANK}=:;,\"'\\]+={p.LINE}*",
        f"${{p}}{REDACTED}",
    ),
    Rule(
        "query_secret",
        "A secret name in a query, a fragment or a form body: all up to the next parameter.",
        (*_NAME_HINTS, *_COOKIE_HINTS),
        rf"(?P<p>{_QUERY_START}(?:[A-Za-z0-9_.$\[-]|%5B)*?(?:{NAME}|{p.COOKIE_NAME}){EQUALS})"
        rf"{p.PARAMETER_START}{p.PARAMETER}*",
        f"${{p}}{REDACTED}",
    ),
    Rule(
        "query_credential",
        "OAuth codes, signatures of signed URLs and API keys in a query: long values only, `?code=404` is none.",
        ("sig=", "signature=", "x-amz-", "x-goog-", "ticket=", "code=", "key=", "hmac=", "saml", "assertion="),
        rf"(?P<p>{_QUERY_START}{p.QUERY_NAME}=){p.PARAMETER_START}{p.PARAMETER}{{9,}}",
        f"${{p}}{REDACTED}",
    ),
    Rule(
        "session_cookie",
        "Session cookies are credentials wherever they are set: `sessionid=…`, `connect.sid=…`.",
        _COOKIE_HINTS,
        rf"{LEFT}(?P<q>{p.COOKIE_NAME}(?:=|%3[Dd])){p.VALUE_START}{p.VALUE}{{2,}}",
        f"${{p}}${{q}}{REDACTED}",
    ),
    Rule(
        "assigned_secret",
        "A secret name with its value in text, code or a log line: `password=…`, `token: …`.",
        _NAME_HINTS,
        rf"(?P<p>{NAME}{EQUALS}){p.VALUE_START}{p.VALUE_OR_BRACKET}{{2,}}"
        rf"|(?P<q>{NAME}{p.COLON}){p.VALUE_START}{p.VALUE}{{2,}}",
        f"${{p}}${{q}}{REDACTED}",
    ),
    Rule(
        "url_user_info",
        "User and password before the host of a URL.",
        ("@",),
        rf"(?P<p>:(?:[\\\x02]*/){{2}}){p.USER_INFO}@",
        f"${{p}}{REDACTED}@",
    ),
    Rule(
        "bearer_or_basic",
        "HTTP credentials quoted outside a header; `Basic plan` and `bearer of news` are words.",
        ("bearer", "basic"),
        rf"{LEFT}(?P<q>(?i:bearer|basic))(?P<r>(?:\s|%20|\+){{1,3}})"
        rf"(?:{p.with_digit('[A-Za-z0-9._~+/=-]', 8)}|[A-Za-z0-9._~+/=-]{{20,}}"
        r"|[A-Za-z0-9+/]{5,}[a-z][A-Z][A-Za-z0-9+/]{2,}=*|[A-Za-z0-9_-]{3,}\.[A-Za-z0-9_-]{3,}\.[A-Za-z0-9_-]+)",
        f"${{p}}${{q}}${{r}}{REDACTED}",
    ),
    Rule(
        "jwt",
        "A JSON Web Token (RFC 7519): its first part always starts `eyJ`.",
        ("eyj",),
        rf"{LEFT}eyJ[A-Za-z0-9_-]{{5,}}(?:\.[A-Za-z0-9_-]+){{1,4}}\.?",
        "${p}[token]",
    ),
    _vendor_token(
        "cloud_key",
        "Amazon, Google, DigitalOcean and Databricks",
        ("akia", "asia", "abia", "acca", "aiza", "ya29.", "gocspx-", "_v1_", "dapi"),
        r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"
        r"|do[opr]_v1_[a-f0-9]{64}|dapi[a-f0-9]{32}",
    ),
    _vendor_token(
        "forge_token",
        "GitHub, GitLab, Atlassian and Linear",
        (
            *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "atatt3", "lin_api_"),
            *("glpat-", "gldt-", "glptt-", "glrt-", "glsoat-", "glcbt-"),
        ),
        r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{22,}|gl(?:pat|dt|ptt|rt|soat|cbt)-[A-Za-z0-9_-]{16,}"
        r"|ATATT3[A-Za-z0-9_=-]{20,}|lin_api_[A-Za-z0-9]{20,}",
    ),
    _vendor_token(
        "chat_token",
        "Slack and Telegram",
        ("xox", "xapp-", ":aa"),
        r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
    ),
    Rule(
        "chat_webhook",
        "Whoever knows a Slack or Discord webhook address may post to it.",
        ("hooks",),
        r"(?P<p>hooks\.slack\.com|discord(?:app)?\.com[\\\x02]*/api[\\\x02]*/webhooks)(?:[\\\x02]*/[A-Za-z0-9_-]+){2,}",
        "${p}/[token]",
    ),
    _vendor_token(
        "payment_key",
        "Stripe, Square and Shopify",
        ("k_live_", "k_test_", "whsec_", "sq0", "shp"),
        r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}|sq0(?:atp|csp)-[A-Za-z0-9_-]{20,}"
        r"|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}",
    ),
    _vendor_token(
        "model_provider_key",
        "OpenAI-style services, Hugging Face and Groq",
        ("sk-", "hf_", "gsk_"),
        r"sk-(?:(?:proj|ant|svcacct|admin|or)-[A-Za-z0-9_-]{16,}|[A-Za-z0-9]{20,})"
        r"|hf_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{40,}",
    ),
    _vendor_token(
        "registry_token",
        "npm, PyPI, RubyGems and Docker",
        ("npm_", "pypi-", "rubygems_", "dckr_pat_"),
        r"npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{16,}|rubygems_[a-f0-9]{40,}|dckr_pat_[A-Za-z0-9_-]{20,}",
    ),
    _vendor_token(
        "messaging_key",
        "SendGrid, Twilio, Mailgun and Mailchimp",
        ("sg.", "key-", "-us", "sk"),
        r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|SK[0-9a-f]{32}|key-[0-9a-f]{32}|[0-9a-f]{32}-us[0-9]{1,2}",
    ),
    _vendor_token(
        "platform_token",
        "Vault, Grafana, Sentry, Postman and Retrace",
        ("hvs.", "hvb.", "glsa_", "sntry", "pmak-", "rtst_"),
        r"hv[sb]\.[A-Za-z0-9_-]{20,}|glsa_[A-Za-z0-9_]{20,}|sntry[us]_[A-Za-z0-9_=+/-]{20,}|PMAK-[a-f0-9-]{30,}"
        r"|rtst_[A-Za-z0-9_]{8,}",
    ),
    Rule(
        "email",
        "An e-mail address, percent-encoded or as an HTML entity too, names a person.",
        ("@", "%40", "%2540", "&#64;", "&#x40;"),
        rf"{p.LEFT_OF_ADDRESS}{p.EMAIL}",
        f"${{p}}{EMAIL}",
    ),
    Rule(
        "iban",
        "A bank account: country, check digits and the length the SWIFT registry gives.",
        (),
        rf"{LEFT}(?:{p.IBAN}){RIGHT}",
        "${p}[iban]",
    ),
    Rule(
        "card",
        "A payment card by issuer prefix and length, with or without gaps; fractions and coordinates are none.",
        (),
        rf"{p.LEFT_OF_NUMBER}{p.CARD}{RIGHT}",
        f"${{p}}{CARD}",
    ),
    Rule(
        "us_ssn",
        "A US social security number as it is written: 3-2-4 digits, area below 900.",
        (),
        rf"{LEFT}{p.SSN}(?P<s>[^A-Za-z0-9_-]|$)",
        "${p}[ssn]${s}",
    ),
    Rule(
        "phone",
        "A phone number in international form with gaps; bare digits are too often ids.",
        (),
        rf"(?P<p>{p.LEFT_OF_PLUS})(?:{p.PHONE}|{p.DOTTED_PHONE}){RIGHT}",
        "${p}[phone]",
    ),
)

# A text without any of these, and without `NUMBERS`, holds nothing for any rule here or in `redaction.py`.
# Up to 100 of them the search is twice as fast.
_EVERY_HINT = {hint for rule in RULES for hint in rule.hints} | {"one-time"}
HINTS = tuple(sorted(hint for hint in _EVERY_HINT if not any(other in hint for other in _EVERY_HINT - {hint})))
