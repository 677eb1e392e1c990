r"""What is secret by its name or by its shape, and how it is masked before anything reaches a file.

Masking errs on the side of hiding. Every pattern is linear in its text: runs are possessive (`++`) and begin
where no run can have begun before. A text without any of the hints below costs a few microseconds.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

MASK = "***"
"""What stands in the place of a secret. Never its length, never a part of it."""

_NAME_LIMIT = 256
"""Characters of a name that are looked at, from its end: the last word decides most."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SECRET_WORDS = _words(
    "password passwords passwd passphrase passcode pwd secret secrets credential credentials creds cookie "
    "cookies authorization bearer jwt apikey apikeys accesskey secretkey privatekey signingkey encryptionkey "
    "accountkey sshkey accesstoken apitoken authtoken hftoken refreshtoken sessiontoken"
)
_SECRET_ENDINGS = (
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "secret",
    "secretkey",
    "accesskey",
    "privatekey",
)
"""Ends of words that people write in one: PGPASSWORD, wandbapikey, clientsecret."""

_KEY_OWNERS = _words(
    "access account anthropic api auth aws azure cohere comet deploy encryption gemini gpg groq hf huggingface kaggle "
    "license master mistral openai pgp private replicate rsa secret service session signing ssh storage subscription "
    "wandb webhook"
)
"""`<owner> key` is secret; any other key (primary key, key error) is not."""

_URL_OWNERS = _words("apprise notify webhook")
"""`<owner> url` lets whoever knows it send messages: TRAINMON_NOTIFY_URLS, slack_webhook_url."""

_TOKEN_OWNERS = _words("access api auth bearer hf refresh secret session")
"""`<owner> tokens` is secret; other plurals count words of a text, as in tokens_per_second."""

_VOCABULARY = _words(
    "audio begin blank bos class cls control decoder dist distill distillation encoder end eod eom eos eot "
    "extra fim first image input label last mask max middle min new newline next num output pad patch per "
    "prefix prompt register sep source space special start stop sub suffix target text think unk video "
    "visual vocab word"
)
"""`<word> token` is an entry of a vocabulary, or a measure by token (`loss_per_token`), not a secret."""

_PASS_OWNERS = _words(
    "admin database db email ftp http login mail mysql pg postgres proxy redis root smtp ssh sudo user"
)
"""`<owner> pass` is a password; a forward pass is not."""

_ABOUT_A_SECRET = _words("count dir enabled file len length model path policy required type")
"""Last words that make a name one about a secret: `password_file`, `auth_type`."""


def is_secret_key(key: str) -> bool:
    """Whether a value under this name must be hidden.

    Args:
        key: A name in snake, camel, kebab, dotted or upper case: of a setting, a header, a flag, a variable.
    """
    return _is_secret_name(str.__getitem__(key, slice(-_NAME_LIMIT, None)))


@lru_cache(maxsize=1024)
def _is_secret_name(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _ABOUT_A_SECRET:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last == "token":
        return before not in _VOCABULARY
    if (
        last in ("auth", "oauth")
        or (last == "tokens" and before in _TOKEN_OWNERS)
        or (last == "pass" and before in _PASS_OWNERS)
    ):
        return True
    if any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDINGS) for word in words):
        return True
    return any(
        (second in ("key", "keys") and first in _KEY_OWNERS)
        or (second in ("url", "urls") and first in _URL_OWNERS)
        for first, second in pairwise(words)
    )


def _shape(prefix: str, body: str, *, not_after: str = "[A-Za-z0-9]") -> tuple[str, str]:
    r"""A prefix to look for, and the pattern of the secrets that begin with it, not compiled.

    The pattern begins with the literal prefix, so that `re` skips to it; what must not stand before it is
    checked after it. The letter of a written-out `\n`, `\r` or `\t` may stand there.
    """
    literal = re.escape(prefix)
    start = rf"{literal}(?:(?<!{not_after}{literal})|(?<=\\[nrt]{literal}))"
    return prefix, start + body


_SHAPES = (
    _shape("hf_", r"[A-Za-z0-9]{16,}+"),
    _shape("sk-", r"[\w-]{16,}+"),
    _shape("sk_live_", r"\w{12,}+"),
    _shape("sk_test_", r"\w{12,}+"),
    *(_shape(f"gh{letter}_", r"[A-Za-z0-9]{16,}+") for letter in "pousr"),
    _shape("github_pat_", r"\w{16,}+"),
    _shape("glpat-", r"[\w-]{16,}+"),
    _shape("AKIA", r"[A-Z0-9]{12,}+"),
    _shape("ASIA", r"[A-Z0-9]{12,}+"),
    _shape("AIza", r"[\w-]{30,}+"),
    *(_shape(f"xox{letter}-", r"[\w-]{8,}+") for letter in "abeoprs"),
    _shape("npm_", r"[A-Za-z0-9]{30,}+"),
    _shape("pypi-AgE", r"[\w-]{16,}+"),
    _shape("rk_live_", r"\w{12,}+"),
    _shape("whsec_", r"[A-Za-z0-9+/]{16,}+"),
    _shape("ya29.", r"[\w-]{16,}+"),
    _shape("SG.", r"[\w-]{16,}+\.[\w-]{16,}+"),
    _shape("dop_v1_", r"[a-f0-9]{32,}+"),
    _shape("wandb_v1_", r"\w{20,}+"),
    _shape("gsk_", r"[A-Za-z0-9]{20,}+"),
    _shape("r8_", r"[A-Za-z0-9]{20,}+"),
    _shape("nvapi-", r"[\w-]{20,}+"),
    _shape("pplx-", r"[A-Za-z0-9]{20,}+"),
    _shape("xai-", r"[A-Za-z0-9]{40,}+"),
    # A JSON Web Token: three base64url parts, of which the first is an object, `{"` in base64.
    _shape("eyJ", r"[\w-]{4,}+\.[\w-]{4,}+(?:\.[\w-]*+)?", not_after=r"[\w-]"),
)

_SHORTEST_SHAPE = 12
"""No shape above or below is shorter (`eyJ`, four, a dot, four); most names of a configuration are."""

_PEM_HINT = "PRIVATE KEY"
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
_BEARER = re.compile(
    r"(bearer[ \t]{1,8})(?!(?:tokens?|auth|authentication|authorization)\b)[\w.~+/=-]{6,}+", re.IGNORECASE
)
_SERVICE_URL = (
    r"\b(tgram|slack|discord|ntfys?|pover|pbul|gotifys?|mmosts?|rockets?|matrixs?|msteams|workflows?|twilio|signals?"
    r"|whatsapp|mailtos?|jsons?|xmls?|forms?|apprises?|wxteams|dingtalk|feishu|lark|barks?|prowl|pushy|hassios?)"
    r"://[^\s\"'<>]++"
)
"""Addresses of apprise: what follows is a token, a topic or a password, and the whole of it a secret."""

_WEBHOOK = r"(hooks\.slack\.com/services|discord(?:app)?\.com/api/webhooks)/[^\s\"'<>]++"

_URL_USER = re.compile(r"""://[^\s/?"'<>\\]*@""")

_NAME_HINTS = (
    *("token", "secret", "pass", "pwd", "auth", "key", "cred", "cookie", "bearer", "jwt"),
    *("apprise", "notify", "webhook"),
    *("sig=", "signature="),
)
"""No name is secret that holds none of these, in lower case."""

_SIGNED_URL_NAMES = frozenset(("key", "sig", "signature", "x-amz-signature", "x-goog-signature"))
"""Secret as the name of a URL's query parameter alone."""

_HEADERS = frozenset(("authorization", "proxy-authorization", "cookie", "set-cookie"))
"""HTTP headers whose value is the rest of the line, spaces included."""

_NAME_AND_SIGN = re.compile(
    r"""(?<![\w.\-])
    (?: (?P<flag>--[A-Za-z][\w\-]*+) (?: ["'],[ \t]*+ | [ \t]++(?!-) )    # --token x, '--token', 'x'
      | (?P<name>[\w.\-]++) \\*+["']?+\]?+ [ \t]*+ (?: :=? | =>? )(?![=:]) [ \t]*+ )""",
    re.VERBOSE,
)
_VALUE = re.compile(
    r"""(?P<open_triple>[bru]{0,2}(?P<marks>\"{3}|'{3}))[\s\S]*?(?P<close_triple>(?P=marks)|\Z)
      | (?P<open>[bru]{0,2}")(?:[^"\\\n]++|\\.)*+(?P<close>"?)
      | (?P<open_single>[bru]{0,2}')(?:[^'\\\n]++|\\.)*+(?P<close_single>'?)
      | (?P<open_escaped>\\++["'])[^"'\\\n]*+
      | \[[^\[\]\n]*+\] | \([^()\n]*+\) | \{[^{}\n]*+\}
      | (?![\[({]) (?:(?:bearer|basic|digest|token|bot|apikey)[ \t]++)?+
        [^\s"'&;,)}\]]++ (?:[,)}\]]++[^\s"'&;,)}\]]++)*+""",
    re.VERBOSE | re.IGNORECASE,
)
_HEADER_VALUE = re.compile(r"""(?!\\*[bru]{0,2}["'])[^\s"'\[({](?:[^"'\r\n]++|(?<==)"[^"\r\n]*+"?+)*+""")

_HARMLESS_VALUES = frozenset(
    ("None", "null", "True", "False", "true", "false", "str", "bytes", "int", "bool", MASK, '""', "''")
)
"""Values and annotations that give nothing away; hiding `token=None` would hide the fault."""


def mask_text(text: str) -> str:
    """The text with `MASK` in place of every secret in it; unchanged where it holds none.

    Secret are: the known shapes of keys, JSON Web Tokens, private keys, `Bearer …`, the user of a URL, and
    what is assigned to a secret name, in plain text, in JSON, in a `repr` and on a command line.
    """
    if len(text) < _SHORTEST_SHAPE and not (":" in text or "=" in text or "--" in text):
        return text
    for prefix, shape in _SHAPES:
        if prefix in text:
            text = re.sub(shape, MASK, text)  # compiled at first use: saves 8 ms of import
    if _PEM_HINT in text:
        text = _PEM.sub(MASK, text)
    if "://" in text:
        # Compiled at first use, as above.
        text = re.sub(_WEBHOOK, rf"\1/{MASK}", re.sub(_SERVICE_URL, rf"\1://{MASK}", text))
        if "@" in text:
            text = _URL_USER.sub(f"://{MASK}@", text)
    lowered = text.lower()
    for hint in _NAME_HINTS:
        if hint in lowered:
            return _mask_assignments(_BEARER.sub(rf"\1{MASK}", text) if "bearer" in lowered else text)
    return text


def _mask_assignments(text: str) -> str:
    pieces: list[str] = []
    done = position = 0
    while (found := _NAME_AND_SIGN.search(text, position)) is not None:
        position = found.end()
        if not _names_a_secret(found):
            continue
        header = found["name"] is not None and found["name"].lower() in _HEADERS and ":" in found.group()
        value = (_HEADER_VALUE.match(text, position) if header else None) or _VALUE.match(text, position)
        if value is None or value.group() in _HARMLESS_VALUES:
            continue
        pieces += (text[done:position], _masked_value(value))
        done = position = value.end()
    return "".join((*pieces, text[done:]))


def _names_a_secret(found: re.Match[str]) -> bool:
    name: str = found["flag"] or found["name"]
    if is_secret_key(name):
        return True
    before = found.string[found.start() - 1 : found.start()]
    if before == "\\" and name[0] in "nrt":  # a line break written out before the name: "\ntoken=…"
        return is_secret_key(name[1:])
    return before in ("?", "&") and name.lower() in _SIGNED_URL_NAMES


def _masked_value(value: re.Match[str]) -> str:
    """`MASK` within the quotes of the value, so that JSON stays JSON."""
    if value.re is not _VALUE:
        return MASK
    opening = value["open_triple"] or value["open"] or value["open_single"] or value["open_escaped"] or ""
    return f"{opening}{MASK}{value['close_triple'] or value['close'] or value['close_single'] or ''}"


_ARGUMENT_NAME = re.compile(r"[-+~]*+[\w.\-]++")


def hides_next(argument: str) -> bool:
    """Whether the next argument of a command line is a secret: behind `--token`, but not behind `--token=x`."""
    return (
        argument.startswith("-")
        and "=" not in argument
        and _ARGUMENT_NAME.fullmatch(argument) is not None
        and is_secret_key(argument)
    )


def mask_command(argv: Sequence[str]) -> list[str]:
    """The arguments of a command line with their secrets masked; as many as came in.

    Hidden are the value of `--token=x`, the argument after `--token`, that of `HF_TOKEN=x` and of a
    `+service.api_key=x`, and what `mask_text` finds. A flag of one letter (`-p x`) says nothing and is kept.
    """
    masked: list[str] = []
    hide_next = False
    for argument in argv:
        if hide_next and not argument.startswith("--"):
            masked.append(MASK)
            hide_next = False
            continue
        name, sign, value = argument.partition("=")
        secret = bool(sign and value) and _ARGUMENT_NAME.fullmatch(name) is not None and is_secret_key(name)
        hide_next = hides_next(argument)
        masked.append(f"{name}={MASK}" if secret else mask_text(argument))
    return masked
