"""Fifty kinds of secrets, made up anew for each place that one is planted in.

No text here has the form of a secret, so that tools that look for committed ones find none.
"""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

LOWER = "0123456789abcdef"
MIXED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
TRACE = 14
"""Letters of a secret that are too many to be seen."""

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Planted(NamedTuple):
    """One secret."""

    kind: str
    text: str
    """As people write it: with the words around it that say what it is, where its form alone does not."""

    value: str
    """What nobody may see of it."""

    name: str | None
    """The variable, option or header in ``text``, which is to stay."""

    @property
    def traces(self) -> tuple[str, ...]:
        """Pieces of it of which none may be seen: nobody who cuts it, wraps it or quotes its quotes hides it."""
        longest = max(self.value.split("\n"), key=len)
        return (longest[-TRACE:], longest[:TRACE] if len(set(longest[:TRACE])) > 8 else longest[8 : 8 + TRACE])


def letters(alphabet: str, count: int, *seed: str) -> str:
    """``count`` letters that depend on nothing but ``seed``; every eighth is a digit, as real ones have some."""
    digest = hashlib.shake_256("\x1f".join(seed).encode()).digest(count)
    drawn = [alphabet[byte % len(alphabet)] for byte in digest]
    return "".join("2345679"[digest[at] % 7] if at % 8 == 3 else letter for at, letter in enumerate(drawn))


Make = Callable[[str], Planted]


def shape(kind: str, *parts: tuple[str, int] | str) -> Make:
    """A kind that is known by its form: fixed parts, and drawn ones as (alphabet, count)."""

    def make(place: str) -> Planted:
        drawn = [
            part if isinstance(part, str) else letters(part[0], part[1], kind, place, str(at))
            for at, part in enumerate(parts)
        ]
        text = "".join(drawn)
        return Planted(kind, text, text, None)

    return make


def labelled(kind: str, before: str, after: str = "", *, name: str | None, count: int = 24) -> Make:
    """A kind of which only the words around it say that it is one."""

    def make(place: str) -> Planted:
        value = letters(MIXED, count, kind, place)
        return Planted(kind, f"{before}{value}{after}", value, name)

    return make


def private_key(place: str) -> Planted:
    body = "\n".join(letters(MIXED, 64, "private key", place, str(line)) for line in range(2))
    marks = [f"-----{word} RSA PRIVATE " + "KEY-----" for word in ("BEGIN", "END")]
    return Planted("private key", f"{marks[0]}\n{body}\n{marks[1]}", body, None)


SHAPES: tuple[Make, ...] = (
    shape("openai", "sk" + "-", (MIXED, 40)),
    shape("openai project", "sk" + "-proj-", (MIXED, 48)),
    shape("anthropic", "sk" + "-ant-api03-", (MIXED, 60)),
    shape("openrouter", "sk" + "-or-v1-", (LOWER, 64)),
    shape("github", "gh" + "p_", (MIXED, 36)),
    shape("github app", "gh" + "s_", (MIXED, 36)),
    shape("github fine-grained", "github" + "_pat_", (MIXED, 22), "_", (MIXED, 59)),
    shape("gitlab", "gl" + "pat-", (MIXED, 20)),
    shape("slack bot", "xo" + "xb-", ("123456789", 12), "-", (MIXED, 24)),
    shape("slack app", "xa" + "pp-1-", (UPPER, 11), "-", (LOWER, 40)),
    labelled("slack webhook", "https://hooks.slack" + ".com/services/T0/B0/", name="hooks.slack.com"),
    shape("aws", "AK" + "IA", (UPPER, 16)),
    shape("google", "AI" + "za", (MIXED, 35)),
    shape("google oauth", "ya" + "29.", (MIXED, 40)),
    shape("huggingface", "h" + "f_", (MIXED, 34)),
    shape("npm", "np" + "m_", (MIXED, 36)),
    shape("pypi", "py" + "pi-", (MIXED, 60)),
    shape("stripe", "sk" + "_live_", (MIXED, 24)),
    shape("stripe restricted", "rk" + "_live_", (MIXED, 24)),
    shape("xai", "x" + "ai-", (MIXED, 60)),
    shape("groq", "gs" + "k_", (MIXED, 48)),
    shape("replicate", "r" + "8_", (MIXED, 37)),
    shape("perplexity", "pp" + "lx-", (MIXED, 48)),
    shape("tavily", "tv" + "ly-", (MIXED, 32)),
    shape("linear", "lin" + "_api_", (MIXED, 40)),
    shape("digitalocean", "dop" + "_v1_", (LOWER, 64)),
    shape("shopify", "shp" + "at_", (LOWER, 32)),
    shape("sendgrid", "S" + "G.", (MIXED, 22), ".", (MIXED, 43)),
    shape("databricks", "da" + "pi", (LOWER, 32)),
    shape("vault", "hv" + "s.", (MIXED, 24)),
    shape("notion", "nt" + "n_", (MIXED, 43)),
    shape("telegram", ("123456789", 10), ":AA", (MIXED, 33)),
    shape("jwt", "ey" + "J", (MIXED, 20), ".ey" + "J", (MIXED, 30), ".", (MIXED, 43)),
    private_key,
)
LABELLED: tuple[Make, ...] = (
    labelled("bearer", "Authorization: Bearer ", name="Authorization"),
    labelled("basic", "authorization: basic ", "==", name="authorization"),
    labelled("header", "x-api-key: ", name="x-api-key"),
    labelled("cookie", "Cookie: session=", name="Cookie"),
    labelled("assigned", "DB_PASSWORD=", name="DB_PASSWORD", count=20),
    labelled("exported", "export SHOP_TOKEN='", "'", name="SHOP_TOKEN"),
    labelled("aws secret", "aws_secret_access_key = ", name="aws_secret_access_key", count=40),
    labelled("toml", 'api_key = "', '"', name="api_key"),
    labelled("json", '"clientSecret": "', '"', name="clientSecret"),
    labelled("yaml", "passphrase: ", name="passphrase"),
    labelled("option", "--api-key ", name="--api-key"),
    labelled("option with equals", "--password=", name="--password"),
    labelled("login", "curl -u deploy:", name="deploy"),
    labelled("url password", "https://deploy:", "@git.example/shop", name="deploy"),
    labelled("url query", "https://llm.example/v1?api_key=", "&page=2", name="api_key"),
    labelled("connection string", "AccountName=shop;AccountKey=", ";EndpointSuffix=core", name="AccountKey", count=44),
)
KINDS = (*SHAPES, *LABELLED)
