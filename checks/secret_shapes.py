"""What secrets look like. Only the kind of a secret is ever returned, never its text."""

import re
from collections import Counter
from math import log2

SHORTEST = 12
"""Characters of the shortest text between two spaces that is looked at; real keys are longer."""

KEY_BLOCK = "PRIVATE KEY-----"

RANDOM_BITS = 4.5
"""Entropy per character: names and prose stay near 4, 40 random characters of base64 are above 4.7."""

RANDOM_DIGITS = 4
"""40 random characters of base64 have six digits on average; names end in one or two."""

ASSIGNED_BITS = 3.2
"""Entropy per character of a value that is given to a key; dates and placeholders stay below."""

_SHAPES = re.compile(
    r"""
    (?<![A-Za-z0-9])(?:
        (?P<anthropic>sk-ant-[\w-]{16,})
      | (?P<openai>sk-[\w-]{16,})
      | (?P<github>gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{22,})
      | (?P<gitlab>glpat-[\w-]{16,})
      | (?P<slack>xox[abeoprs]-[A-Za-z0-9-]{10,})
      | (?P<aws>(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9]))
      | (?P<google>AIza[\w-]{30,})
      | (?P<huggingface>hf_[A-Za-z0-9]{30,})
      | (?P<npm>npm_[A-Za-z0-9]{30,})
      | (?P<pypi>pypi-[\w-]{50,})
      | (?P<stripe>[rs]k_live_[A-Za-z0-9]{16,})
      | (?P<xai>xai-[A-Za-z0-9]{20,})
      | (?P<groq>gsk_[A-Za-z0-9]{20,})
      | (?P<replicate>r8_[A-Za-z0-9]{20,})
      | (?P<perplexity>pplx-[A-Za-z0-9]{20,})
      | (?P<digitalocean>dop_v1_[a-f0-9]{32,})
      | (?P<shopify>shpat_[A-Fa-f0-9]{32,})
      | (?P<sendgrid>SG\.[\w-]{16,64}\.[\w-]{16,})
      | (?P<tavily>tvly-[\w-]{16,})
      | (?P<linear>lin_api_[A-Za-z0-9]{20,})
      | (?P<webhook>https://hooks\.slack\.com/[a-z]{1,16}/[\w/]{20,})
      | (?P<jwt>eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})
      | (?P<url>[a-z][a-z0-9+.-]{1,15}://[^\s/@:]{0,128}:[^\s/@$<{]{3,256}@)
      | (?P<random>[A-Za-z0-9+_-]{40,})
    )
    | (?P<assigned>
        (?i:key|token|secret|passwd|password|credential)s?["']?[ ]?[:=][ ]?["']?
        (?=(?P<value>[A-Za-z0-9+/_=.~!-]{12,128}))
      )
    """,
    re.VERBOSE,
)

_PROMISING = re.compile(r"[0-9@]|hf_")
"""Every secret has a digit in it, is a URL with a password, or is a token of which some have letters only."""

_KINDS = {
    "anthropic": "an Anthropic key",
    "openai": "an API key that starts with sk-",
    "github": "a GitHub token",
    "gitlab": "a GitLab token",
    "slack": "a Slack token",
    "aws": "an AWS access key",
    "google": "a Google API key",
    "huggingface": "a Hugging Face token",
    "npm": "an npm token",
    "pypi": "a PyPI token",
    "stripe": "a Stripe key",
    "xai": "an xAI key",
    "groq": "a Groq key",
    "replicate": "a Replicate token",
    "perplexity": "a Perplexity key",
    "digitalocean": "a DigitalOcean token",
    "shopify": "a Shopify token",
    "sendgrid": "a SendGrid key",
    "tavily": "a Tavily key",
    "linear": "a Linear key",
    "webhook": "a Slack webhook URL",
    "jwt": "a JSON Web Token",
    "url": "a URL with a password",
    "random": "a long random string",
    "assigned": "a value given to a key, token or password",
}
GUESSES = frozenset({_KINDS["random"], _KINDS["assigned"]})
"""Kinds that are told by randomness alone and not by a known shape."""

PRIVATE_KEY = "a private key"


def kinds(text: str) -> tuple[str, ...]:
    """The kinds of secrets that ``text`` seems to hold, each once, in order; linear in its length.

    Placeholders such as ``sk-your-key-goes-here`` or ``$TOKEN`` are no secrets, nor are hashes, UUIDs and paths.
    """
    found = {PRIVATE_KEY: None} if KEY_BLOCK in text else {}
    if len(text) < SHORTEST:
        return tuple(found)
    words = text.split()
    for index in [index for index, word in enumerate(words) if len(word) >= SHORTEST]:
        if _PROMISING.search(words[index]):
            # The word before says what a value is for: `token: ...`.
            fragment = f"{words[index - 1][-32:]} {words[index]}" if index else words[index]
            found.update(dict.fromkeys(_kinds_of(fragment)))
    return tuple(found)


def _kinds_of(fragment: str) -> list[str]:
    """Known shapes where there are any; what a value is given to says nothing more about them."""
    found = [_KINDS[match.lastgroup or ""] for match in _SHAPES.finditer(fragment) if _is_secret(match)]
    return [kind for kind in found if kind not in GUESSES] or found


def _is_secret(match: re.Match[str]) -> bool:
    if match["url"]:
        return True
    if match["random"]:
        return _mixed(match["random"]) and _entropy(match["random"]) >= RANDOM_BITS
    if match["assigned"]:
        value = match["value"]
        lettered = value.lower() != value.upper()
        return lettered and _digits(value) > 0 and "/" not in value and _entropy(value) >= ASSIGNED_BITS
    if match["huggingface"] and _digits(match[0]) == 0:
        return match[0] != match[0].lower() and _entropy(match[0]) >= ASSIGNED_BITS
    if match["webhook"]:
        return not match[0].rpartition("/")[2].isupper()
    # These have a digit in their prefix already.
    return _digits(match[0]) > (1 if match["replicate"] or match["digitalocean"] else 0)


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _mixed(text: str) -> bool:
    """Capital and small letters and several digits, as in random text and rarely in names."""
    return _digits(text) >= RANDOM_DIGITS and text != text.lower() and text != text.upper()


def _entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(count / len(text) * log2(count / len(text)) for count in Counter(text).values())
