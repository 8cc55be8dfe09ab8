"""All tables of the service's database. Importing this package fills `SQLModel.metadata`.

Table classes stay inside `store`. Each table that holds other people's data has `agency_id`; row security is forced
on all of them from the first migration. Personal data is marked with `info={"personal": ...}` at the column.
"""

from fieldapp.store.tables.access import Agency, AuditEntry, Device, NumberBlock, Person, PushSubscription, SignIn
from fieldapp.store.tables.agreements import CreditorTerms, Instalment, PaymentOrder, RepaymentPlan, Settlement
from fieldapp.store.tables.appointments import AgreedVisit
from fieldapp.store.tables.bulk import BulkAction
from fieldapp.store.tables.claims import ClaimMark, ClaimPart, ClaimSum
from fieldapp.store.tables.commissions import CommissionClosing, CommissionMovement, CreditorCommission
from fieldapp.store.tables.debtors import DebtorMatch
from fieldapp.store.tables.exchange import InboundRequest, SeenPayment, ServiceAccount, Webhook, WebhookDelivery
from fieldapp.store.tables.field import (
    Attachment,
    AttachmentUpload,
    Envelope,
    PadForm,
    PaperPad,
    PaperToSend,
    Payment,
    PaymentLink,
    Promise,
    Receipt,
    RefusedMoney,
    SignatureGiven,
    Visit,
)
from fieldapp.store.tables.figures import FigureMark, FigurePart, FigureSum
from fieldapp.store.tables.forbids import ForbiddenVisit
from fieldapp.store.tables.ledger import Account, DepositSlip, Entry, PaymentEntry, Posting, PurseCount
from fieldapp.store.tables.messages import Message, MessageCopy
from fieldapp.store.tables.notes import PlanningNote
from fieldapp.store.tables.office import CreditorLayout, Fact, ImportFile, SavedView, Setting, Task
from fieldapp.store.tables.outgoing import ExportByHand, ExportPlan, HandOver, OutgoingFile, ToldByHand, ToldFact
from fieldapp.store.tables.planning import Plan, PlanCell, PublishedDay, PublishedStop
from fieldapp.store.tables.practice import (
    Address,
    ContactAttempt,
    CreditDocument,
    Creditor,
    DebtLine,
    LearningObjection,
    Obligor,
    Phone,
    Placement,
    Practice,
    PracticeFlag,
    PracticeLastContact,
    PracticeWord,
    Statement,
)
from fieldapp.store.tables.rescue import OfficeKey, RescuedItem
from fieldapp.store.tables.review import VisitAnswer, VisitCorrection, VisitQuestion, VisitReview
from fieldapp.store.tables.rules import Approval, InterruptingAct, RulesetVersion
from fieldapp.store.tables.shifts import Absence, ShiftWeek
from fieldapp.store.tables.squads import Squad, SquadMember

__all__ = [
    "Absence",
    "Account",
    "Address",
    "Agency",
    "AgreedVisit",
    "Approval",
    "Attachment",
    "AttachmentUpload",
    "AuditEntry",
    "BulkAction",
    "ClaimMark",
    "ClaimPart",
    "ClaimSum",
    "CommissionClosing",
    "CommissionMovement",
    "ContactAttempt",
    "CreditDocument",
    "Creditor",
    "CreditorCommission",
    "CreditorLayout",
    "CreditorTerms",
    "DebtLine",
    "DebtorMatch",
    "DepositSlip",
    "Device",
    "Entry",
    "Envelope",
    "ExportByHand",
    "ExportPlan",
    "Fact",
    "FigureMark",
    "FigurePart",
    "FigureSum",
    "ForbiddenVisit",
    "HandOver",
    "ImportFile",
    "InboundRequest",
    "Instalment",
    "InterruptingAct",
    "LearningObjection",
    "Message",
    "MessageCopy",
    "NumberBlock",
    "Obligor",
    "OfficeKey",
    "OutgoingFile",
    "PadForm",
    "PaperPad",
    "PaperToSend",
    "Payment",
    "PaymentEntry",
    "PaymentLink",
    "PaymentOrder",
    "Person",
    "Phone",
    "Placement",
    "Plan",
    "PlanCell",
    "PlanningNote",
    "Posting",
    "Practice",
    "PracticeFlag",
    "PracticeLastContact",
    "PracticeWord",
    "Promise",
    "PublishedDay",
    "PublishedStop",
    "PurseCount",
    "PushSubscription",
    "Receipt",
    "RefusedMoney",
    "RepaymentPlan",
    "RescuedItem",
    "RulesetVersion",
    "SavedView",
    "SeenPayment",
    "ServiceAccount",
    "Setting",
    "Settlement",
    "ShiftWeek",
    "SignIn",
    "SignatureGiven",
    "Squad",
    "SquadMember",
    "Statement",
    "Task",
    "ToldByHand",
    "ToldFact",
    "Visit",
    "VisitAnswer",
    "VisitCorrection",
    "VisitQuestion",
    "VisitReview",
    "Webhook",
    "WebhookDelivery",
]
