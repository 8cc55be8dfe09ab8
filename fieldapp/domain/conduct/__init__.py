"""Rules of conduct: the lawful and respectful way, as data, with one evaluation for everybody who asks."""

from fieldapp.domain.conduct.document import rules_document
from fieldapp.domain.conduct.facts import (
    Act,
    ActKind,
    AddressFacts,
    AddressKind,
    AddressState,
    AgentFacts,
    Appointment,
    Call,
    CashReceived,
    Cheque,
    DebtorKind,
    Facts,
    Letter,
    Message,
    Payee,
    PayerKind,
    Payment,
    PracticeFacts,
    SentLetter,
    Visit,
)
from fieldapp.domain.conduct.judge import Finding, Verdict, judge, lawful_windows
from fieldapp.domain.conduct.rule import ParameterValue, Rule, Scope, Severity
from fieldapp.domain.conduct.ruleset import Ruleset
from fieldapp.domain.conduct.stamp import stamp_duty_due, stamp_rule
from fieldapp.domain.conduct.standard import standard_ruleset
from fieldapp.domain.conduct.wire import (
    address_to_json,
    agent_to_json,
    facts_from_json,
    facts_to_json,
    practice_to_json,
)

__all__ = [
    "Act",
    "ActKind",
    "AddressFacts",
    "AddressKind",
    "AddressState",
    "AgentFacts",
    "Appointment",
    "Call",
    "CashReceived",
    "Cheque",
    "DebtorKind",
    "Facts",
    "Finding",
    "Letter",
    "Message",
    "ParameterValue",
    "Payee",
    "PayerKind",
    "Payment",
    "PracticeFacts",
    "Rule",
    "Ruleset",
    "Scope",
    "SentLetter",
    "Severity",
    "Verdict",
    "Visit",
    "address_to_json",
    "agent_to_json",
    "facts_from_json",
    "facts_to_json",
    "judge",
    "lawful_windows",
    "practice_to_json",
    "rules_document",
    "stamp_duty_due",
    "stamp_rule",
    "standard_ruleset",
]
