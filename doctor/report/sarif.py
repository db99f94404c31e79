"""SARIF 2.1.0: results with rules, places and fixes, for code scanning."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from doctor.exit_codes import ExitCode
from doctor.model.finding import CheckResult, Finding, IgnoredFinding, Severity
from doctor.model.location import Location
from doctor.model.report import Report
from doctor.report.places import below
from doctor.report.sarif_fixes import Object, fix_object
from doctor.report.style import PLAIN
from doctor.report.wording import Wording

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE = "%SRCROOT%"
"""What relative paths are relative to: the repository's root, as code scanning takes it."""

FINGERPRINT = "harnessDoctor/v1"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
DEFAULT_POLICY = ".metawsm/policy.json"
"""Where a finding that stands in no file is shown where there is no policy either: code scanning refuses results
without a place."""

_SEMANTIC = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


def render(report: Report) -> Iterator[str]:
    """The report as one SARIF log with one run, in ASCII, a rule or result per line."""
    return _Sarif(report).chunks()


class _Sarif:
    """The log of one report."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.say = Wording(report, PLAIN)
        found = (finding.code for finding in self.everything())
        self.indices = {code: index for index, code in enumerate(dict.fromkeys((*self.checked(), *found)))}
        self.baseline = bool(report.known)

    def checked(self) -> Iterator[str]:
        return (result.code for result in self.report.checks)

    def everything(self) -> Iterator[Finding]:
        yield from self.report.findings
        yield from self.report.known
        yield from (each.finding for each in self.report.ignored)

    def chunks(self) -> Iterator[str]:
        yield f'{{\n "$schema": {_text(SCHEMA)},\n "version": "2.1.0",\n "runs": [{{\n  "tool": {{"driver": {{\n'
        for name, value in self.driver().items():
            yield f"   {_text(name)}: {_text(value)},\n"
        yield '   "rules": ['
        yield from _items(self.rule(code) for code in self.indices)
        yield '   ]\n  }},\n  "results": ['
        yield from _items(self.results())
        yield "  ],\n"
        rest = {"invocations": [self.invocation()], "columnKind": "unicodeCodePoints", **self.bases()}
        yield ",\n".join(f"  {_text(name)}: {_text(value)}" for name, value in rest.items())
        yield "\n }]\n}\n"

    def driver(self) -> Object:
        version = self.report.version
        key = "semanticVersion" if _SEMANTIC.fullmatch(version) else "version"
        return {"name": "harness-doctor", key: version}

    def rule(self, code: str) -> Object:
        rule = self.report.rules.get(code)
        explain = f"doctor explain {code}"
        if rule is None:
            return {"id": code, "help": {"text": explain}, "properties": {"tags": [code[:3]]}}
        title, why, fails = (self.message(text) for text in (rule.title, rule.why, rule.fails))
        said: Object = {
            "id": code,
            "name": pascal(title),
            "shortDescription": {"text": title},
            "fullDescription": {"text": why or fails or title},
            "help": {"text": "\n\n".join(filter(None, (title, why, fails, explain)))},
            "defaultConfiguration": {"level": LEVELS[rule.severity]},
            "properties": {"tags": [code[:3]]},
        }
        return said | ({"helpUri": rule.docs} if rule.docs else {})

    def results(self) -> Iterator[Object]:
        for finding in self.report.findings:
            yield self.result(finding, state="new")
        for finding in self.report.known:
            suppressed = {"kind": "external", "status": "accepted", "justification": "known: it is in the baseline"}
            yield {**self.result(finding, state="unchanged"), "suppressions": [suppressed]}
        for each in self.report.ignored:
            yield {**self.result(each.finding, state="new"), "suppressions": [self.suppression(each)]}

    def suppression(self, ignored: IgnoredFinding) -> Object:
        until = {"properties": {"until": ignored.until}} if ignored.until else {}
        reason = self.message(ignored.reason)
        return {"kind": "external", "status": "accepted", "justification": reason, **until}

    def result(self, finding: Finding, *, state: str) -> Object:
        message = self.message(finding.message)
        remedy = self.message(finding.remedy) if finding.remedy else ""
        fix = self.report.fixes.get(finding.fingerprint)
        planned = fix_object(fix, self.say.redact, self.artifact) if fix else None
        said: Object = {
            "ruleId": finding.code,
            "ruleIndex": self.indices[finding.code],
            "level": LEVELS[finding.severity],
            "message": {"text": f"{message}\n{remedy}" if remedy else message or finding.code},
            "locations": [self.place(finding)],
            "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        }
        said |= {"baselineState": state} if self.baseline else {}
        said |= {"fixes": [planned]} if planned else {}
        return said

    def message(self, text: str | None) -> str:
        """A text in its lines. A space keeps viewers from making a link of ``[text](place)``."""
        return "\n".join(self.say.lines(text)).replace("](", "] (")

    def place(self, finding: Finding) -> Object:
        location = finding.location
        path = location.path if location else self.report.policy.path
        artifact = self.artifact(path) if path else {"uri": DEFAULT_POLICY}
        region = {"region": region_of(location)} if location and location.line else {}
        subject = self.say.line(finding.subject)
        named = {"logicalLocations": [{"fullyQualifiedName": subject}]} if subject else {}
        return {"physicalLocation": {"artifactLocation": artifact, **region}, **named}

    def artifact(self, path: str) -> Object:
        """A file, relative to the repository where it lies in it."""
        path = self.say.redact(path)
        short = below(path, self.say.redact(self.report.base) if self.report.base else None)
        return {"uri": _file_uri(path)} if short is None else {"uri": _percent(short), "uriBaseId": BASE}

    def invocation(self) -> Object:
        code = self.report.exit_code
        notes = [self.notification(result, ending) for result, ending in self.say.unfinished()]
        return {
            "executionSuccessful": code in {ExitCode.OK, ExitCode.FINDINGS},
            "exitCode": int(code),
            "exitCodeDescription": code.name.lower().replace("_", " "),
            "toolExecutionNotifications": notes,
        }

    def notification(self, result: CheckResult, ending: str) -> Object:
        reason = self.message(result.reason)
        return {
            "level": "error",
            "message": {"text": f"{result.code} {ending}" + (f": {reason}" if reason else "")},
            "associatedRule": {"id": result.code, "index": self.indices[result.code]},
        }

    def bases(self) -> Object:
        base = self.report.base
        if not base:
            return {}
        return {"originalUriBaseIds": {BASE: {"uri": _file_uri(f"{self.say.redact(base).rstrip('/')}/")}}}


def pascal(title: str) -> str:
    """A rule's name, made from its title: ``TheSkillIsThere``."""
    return "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", title)) or "Check"


def region_of(location: Location) -> Object:
    """A place in a file."""
    column = {"startColumn": location.column} if location.column else {}
    end = {"endLine": location.end[0], "endColumn": location.end[1]} if location.end and location.column else {}
    return {"startLine": location.line, **column, **end}


def _file_uri(path: str) -> str:
    return f"file://{_percent(path)}"


def _percent(path: str) -> str:
    return quote(path.encode("utf-8", "surrogatepass"), safe="/")


def _items(items: Iterable[Object]) -> Iterator[str]:
    comma = ""
    for item in items:
        yield f"{comma}\n    {_text(item)}"
        comma = ","
    yield "\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
