"""Reading the policy file."""

from collections.abc import Sequence
from pathlib import Path

from doctor.config.documents import read_document
from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.loading import in_order, read_typed
from doctor.config.problems import ConfigProblem, Loaded
from doctor.config.rules import policy_rules
from doctor.config.runners import RunnerNames
from doctor.config.version1 import other_version, without_commands
from doctor.config.words import Kind, encodable
from doctor.model.harness import RunnerSpec
from doctor.model.location import Location
from doctor.model.policy import Policy


def load_policy(path: Path | None, *, runners: Sequence[RunnerSpec], rival: Path | None = None) -> Loaded[Policy]:
    """Read a policy and say everything that is wrong with it.

    Args:
        path: A file that ends in ``.toml``, or else holds JSON; ``None`` gives the embedded default.
        runners: The harnesses a policy may name; in the value every name is the harness's canonical id.
        rival: A second policy file of the same project, which is a problem of its own.

    Returns:
        The policy with defaults for every key that is absent, or its problems. A file that is no version 2 policy
        at all gives that one problem only.
    """
    if path is None:
        return Loaded(value=Policy())
    kind: Kind = "toml" if path.suffix.lower() == ".toml" else "json"
    document, problems = read_document(path, kind)
    if rival is not None:
        problems += (_rival(path, rival),)
    if document is None:
        return Loaded(value=None, problems=problems)
    words, issues = Vocabulary(RunnerNames(runners)), Issues()
    if other_version(document.data, words, issues):
        return Loaded(value=None, document=document, problems=in_order(problems + issues.problems(document)))
    data = without_commands(document.data, words, issues)
    return read_typed(document, data, problems, Policy, words=words, issues=issues, rules=policy_rules)


def _rival(path: Path, rival: Path) -> ConfigProblem:
    return ConfigProblem(
        rule="rival",
        subject=encodable(rival.name),
        message=f"there are two policies, {encodable(path.name)} and {encodable(rival.name)}; one is expected",
        remedy=f"remove one of them, or choose with --policy {encodable(str(path))}",
        location=Location(path=encodable(str(rival.absolute())), line=1, column=1, pointer=""),
    )
