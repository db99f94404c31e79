"""Why processes fail. Apart from their records: every adapter names these, and every diagnosis loads the adapters."""

from enum import StrEnum


class FailureKind(StrEnum):
    """Why a process failed, where evidence tells; ``exited(N)`` and ``killed(SIG)`` stand beside these."""

    CLI_MISSING = "cli-missing"
    FLAG_REJECTED = "flag-rejected"
    TRUST_DIALOG = "trust-dialog"
    NOT_LOGGED_IN = "not-logged-in"
    AUTH_EXPIRED = "auth-expired"
    QUOTA = "quota"
    MODEL_REFUSED = "model-refused"
    ENDPOINT_UNREACHABLE = "endpoint-unreachable"
    PROMPT_NOT_DELIVERED = "prompt-not-delivered"
    TERMINAL_LOST = "terminal-lost"
    UNKNOWN = "unknown"
