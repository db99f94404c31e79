"""Everything ``import doctor`` offers, gathered in one place so that the package itself costs nothing to import."""

from doctor.__about__ import __version__
from doctor.config.documents import Document
from doctor.config.editing import Edits, edit
from doctor.config.machine import ActiveProfile
from doctor.config.own_files import RUN_STATE
from doctor.config.paths import Paths
from doctor.config.problems import ConfigProblem, Loaded
from doctor.config.project import Project
from doctor.diagnosis.check import Check
from doctor.diagnosis.run import diagnose
from doctor.errors import DoctorError, ProbeTimeout, RegistrationError, Unavailable, UsageError
from doctor.exit_codes import ExitCode
from doctor.harness.base import Flag, Harness, HarnessContext, LaunchRequest
from doctor.harness.endpoint_api import endpoint_url_problem, is_loopback, key_headers
from doctor.harness.endpoint_probe import EndpointAnswer, ask_endpoint
from doctor.harness.flags import flag_instead, unknown_flags
from doctor.harness.probe import Prober
from doctor.harness.process import Completed
from doctor.harness.registry import Registry
from doctor.harness.versions import satisfies, version_at_least
from doctor.hookspecs import hookimpl
from doctor.model.binding import Binding, Choice, StageBinding
from doctor.model.finding import CheckResult, Finding, IgnoredFinding, Severity, Status
from doctor.model.fix import FileFix, Fix, TextEdit
from doctor.model.harness import (
    PROMPT,
    Auth,
    Candidate,
    CompiledArgv,
    Dialog,
    HarnessFact,
    Problem,
    ProgramFact,
    RunnerSpec,
    SkillFact,
    SkillProblem,
    SkillSource,
)
from doctor.model.location import Location, pointer
from doctor.model.lock import Lock, LockMove
from doctor.model.machine import Endpoint, Machine, NamedProfile
from doctor.model.options import Options
from doctor.model.pane import PaneFact, VariableFact
from doctor.model.policy import Agent, AgentProfile, Policy, RunnerOptions
from doctor.model.report import Origins, PolicyRef, ProfileRef, Report
from doctor.model.stage import Stage

__all__ = [
    "PROMPT",
    "RUN_STATE",
    "ActiveProfile",
    "Agent",
    "AgentProfile",
    "Auth",
    "Binding",
    "Candidate",
    "Check",
    "CheckResult",
    "Choice",
    "CompiledArgv",
    "Completed",
    "ConfigProblem",
    "Dialog",
    "DoctorError",
    "Document",
    "Edits",
    "Endpoint",
    "EndpointAnswer",
    "ExitCode",
    "FileFix",
    "Finding",
    "Fix",
    "Flag",
    "Harness",
    "HarnessContext",
    "HarnessFact",
    "IgnoredFinding",
    "LaunchRequest",
    "Loaded",
    "Location",
    "Lock",
    "LockMove",
    "Machine",
    "NamedProfile",
    "Options",
    "Origins",
    "PaneFact",
    "Paths",
    "Policy",
    "PolicyRef",
    "ProbeTimeout",
    "Prober",
    "Problem",
    "ProfileRef",
    "ProgramFact",
    "Project",
    "RegistrationError",
    "Registry",
    "Report",
    "RunnerOptions",
    "RunnerSpec",
    "Severity",
    "SkillFact",
    "SkillProblem",
    "SkillSource",
    "Stage",
    "StageBinding",
    "Status",
    "TextEdit",
    "Unavailable",
    "UsageError",
    "VariableFact",
    "__version__",
    "ask_endpoint",
    "diagnose",
    "edit",
    "endpoint_url_problem",
    "flag_instead",
    "hookimpl",
    "is_loopback",
    "key_headers",
    "pointer",
    "satisfies",
    "unknown_flags",
    "version_at_least",
]
