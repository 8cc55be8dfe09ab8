"""Who may do what: one row for every operation of the service.

The guard of the routes reads this table and nothing else; a route without a row fails the tests. `OWN` means that
the object belongs to the person (their day, their device, their envelopes); objects of another agency do not
exist for anybody (row security), so that they answer 404.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from fieldapp.domain.errors import Kind, Refusal
from fieldapp.domain.events import FactScope, WriteScope


class Role(StrEnum):
    AGENT = "agent"
    DISPATCHER = "dispatcher"
    BACK_OFFICE = "back_office"
    ADMINISTRATOR = "administrator"


class Reach(StrEnum):
    """How far an operation goes within the agency."""

    ANY = "any"
    OWN = "own"


class Door(StrEnum):
    """How a caller proves who they are."""

    OPEN = "open"
    SESSION = "session"
    DEVICE = "device"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Access:
    door: Door
    roles: frozenset[Role] = frozenset()
    reach: Reach = Reach.ANY
    stopped_too: bool = False
    """Open also to a phone that was revoked or whose person has left."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who acts: a person of an agency, at a desk or through an enrolled device."""

    agency_id: UUID
    person_id: UUID
    role: Role
    name: str
    device_id: UUID | None = None
    stopped: bool = False
    """The phone was revoked, or its person has left: it may only hand over what it holds."""


@dataclass(frozen=True, slots=True)
class ServiceIdentity:
    """Another system, through its token: it reads and writes what its scopes open, of its creditor if it has one."""

    agency_id: UUID
    account_id: UUID
    name: str
    scopes: frozenset[FactScope]
    creditor_id: UUID | None
    writes: frozenset[WriteScope] = frozenset()


_EVERYBODY = frozenset(Role)
_DESK = frozenset({Role.DISPATCHER, Role.BACK_OFFICE, Role.ADMINISTRATOR})
_PLANNING = frozenset({Role.DISPATCHER, Role.ADMINISTRATOR})
_OFFICE = frozenset({Role.BACK_OFFICE, Role.ADMINISTRATOR})
_ADMIN = frozenset({Role.ADMINISTRATOR})
_AGENT = frozenset({Role.AGENT})


def _open() -> Access:
    return Access(Door.OPEN)


def _session(roles: frozenset[Role], reach: Reach = Reach.ANY) -> Access:
    return Access(Door.SESSION, roles, reach)


def _device(*, stopped_too: bool = False) -> Access:
    return Access(Door.DEVICE, _AGENT, Reach.OWN, stopped_too)


def _service() -> Access:
    return Access(Door.SERVICE)


ACCESS: Mapping[str, Access] = MappingProxyType(
    {
        # access
        "read_clock": _open(),
        "read_health": _open(),
        "list_demo_sign_ins": _open(),
        "sign_in": _open(),
        "read_session": _session(_EVERYBODY, Reach.OWN),
        "sign_out": _session(_EVERYBODY, Reach.OWN),
        "move_demo_clock": _session(_ADMIN),
        "enrol_device": _session(_AGENT, Reach.OWN),
        "list_devices": _session(_OFFICE),
        "revoke_device": _session(_ADMIN),
        "list_people": _session(_ADMIN),
        "add_person": _session(_ADMIN),
        "change_person": _session(_ADMIN),
        "renew_password": _session(_ADMIN),
        "shut_out_person": _session(_ADMIN),
        "list_squads": _session(_DESK),
        "create_squad": _session(_ADMIN),
        "rename_squad": _session(_ADMIN),
        "close_squad": _session(_ADMIN),
        "move_to_squad": _session(_ADMIN),
        "change_password": _session(_EVERYBODY, Reach.OWN),
        "list_audit": _session(_ADMIN),
        "read_words": _open(),
        # public
        "check_receipt": _open(),
        "take_payment_link_event": _open(),
        # field
        "read_day": _device(),
        "push_envelopes": _device(),
        "list_missing_attachments": _device(),
        "put_attachment": _device(),
        "append_attachment": _device(),
        "read_field_document": _device(),
        "read_field_basemap": _device(),
        "ask_payment_link": _device(),
        "ask_settlement": _device(),
        "read_push_key": _device(),
        "subscribe_to_push": _device(),
        "unsubscribe_from_push": _device(),
        "deliver_sealed": _device(stopped_too=True),
        "list_rescue_states": _device(stopped_too=True),
        "append_sealed": _device(stopped_too=True),
        # dispatch
        "list_candidates": _session(_PLANNING),
        "list_agents": _session(_PLANNING),
        "read_learning": _session(_PLANNING),
        "switch_learning": _session(_ADMIN),
        "start_plan": _session(_PLANNING),
        "list_plans": _session(_PLANNING),
        "read_plan": _session(_PLANNING),
        "stop_plan": _session(_PLANNING),
        "publish_plan": _session(_PLANNING),
        "list_stale_visits": _session(_PLANNING),
        "take_out_stale_visits": _session(_PLANNING),
        "say_where_i_look": _session(_PLANNING),
        "open_draft": _session(_PLANNING),
        "read_board": _session(_PLANNING),
        "move_visit": _session(_PLANNING),
        "pin_visit": _session(_PLANNING),
        "lock_lane": _session(_PLANNING),
        "undo_change": _session(_PLANNING),
        "read_shifts": _session(_PLANNING),
        "enter_absence": _session(_PLANNING),
        "withdraw_absence": _session(_PLANNING),
        "set_shift_week": _session(_PLANNING),
        "save_shift_template": _session(_PLANNING),
        "drop_shift_template": _session(_PLANNING),
        "forbid_visit": _session(_PLANNING),
        "hand_over_visits": _session(_PLANNING),
        "preview_fill": _session(_PLANNING),
        "take_fill": _session(_PLANNING),
        "list_forbidden_visits": _session(_DESK),
        "allow_visit_again": _session(_PLANNING),
        "preview_replan": _session(_PLANNING),
        "take_replan": _session(_PLANNING),
        "read_dispatch_day": _session(_DESK),
        "list_messages": _session(_DESK),
        "send_message": _session(_DESK),
        "withdraw_message": _session(_DESK),
        "list_planning_notes": _session(_DESK),
        "write_planning_note": _session(_DESK),
        "tick_planning_note": _session(_DESK),
        "print_day_sheets": _session(_PLANNING),
        "read_map": _session(_DESK),
        "read_basemap": _session(_DESK),
        # appointments
        "list_appointment_offers": _session(_DESK),
        "take_appointment": _session(_DESK),
        "move_appointment": _session(_DESK),
        "cancel_appointment": _session(_DESK),
        "list_day_appointments": _session(_DESK),
        # rules
        "record_interruption": _session(_OFFICE),
        "withdraw_interruption": _session(_OFFICE),
        "approve_rule": _session(_DESK),
        "withdraw_approval": _session(_DESK),
        "read_rules": _session(_ADMIN),
        "read_own_rules": _session(_ADMIN),
        "list_rules_versions": _session(_ADMIN),
        "preview_rules": _session(_ADMIN),
        "switch_on_rules": _session(_ADMIN),
        "read_house": _session(_ADMIN),
        "set_agency": _session(_ADMIN),
        "add_creditor": _session(_ADMIN),
        "set_creditor": _session(_ADMIN),
        "read_licences": _session(_ADMIN),
        "set_agency_licence": _session(_ADMIN),
        "set_agent_licence": _session(_ADMIN),
        # office
        "list_creditors": _session(_DESK),
        "list_layouts": _session(_OFFICE),
        "propose_layout": _session(_OFFICE),
        "preview_layout": _session(_OFFICE),
        "save_layout": _session(_OFFICE),
        "start_import": _session(_OFFICE),
        "list_imports": _session(_OFFICE),
        "read_import": _session(_OFFICE),
        "confirm_import": _session(_OFFICE),
        "cancel_import": _session(_OFFICE),
        "read_rejects": _session(_OFFICE),
        "list_practices": _session(_DESK),
        "list_practice_choices": _session(_DESK),
        "read_practice": _session(_DESK),
        "ask_for_skills": _session(_DESK),
        "read_document": _session(_DESK),
        "read_receipt_paper": _session(_DESK),
        "read_plan_paper": _session(_DESK),
        "read_settlement_paper": _session(_DESK),
        "decide_settlement": _session(_OFFICE),
        "list_terms": _session(_DESK),
        "set_terms": _session(_ADMIN),
        "read_payment_order": _session(_DESK),
        "set_payment_order": _session(_ADMIN),
        "ask_for_skills_of_creditor": _session(_ADMIN),
        "list_rescues": _session(_OFFICE),
        "take_rescue_file": _session(_OFFICE),
        "accept_rescue": _session(_OFFICE),
        "read_contact_limits": _session(_DESK),
        "log_contact": _session(_OFFICE),
        "plan_contact": _session(_OFFICE),
        "import_contacts": _session(_OFFICE),
        "list_tasks": _session(_DESK),
        "count_tasks": _session(_DESK),
        "finish_task": _session(_DESK),
        "arrange_task": _session(_DESK),
        "list_reviews": _session(_OFFICE),
        "read_review": _session(_OFFICE),
        "finish_review": _session(_OFFICE),
        "ask_about_visit": _session(_OFFICE),
        "withdraw_question": _session(_OFFICE),
        "correct_visit": _session(_OFFICE),
        "confirm_correction": _session(_OFFICE),
        "decline_correction": _session(_OFFICE),
        "set_review_share": _session(_ADMIN),
        "list_views": _session(_DESK),
        "save_view": _session(_DESK),
        "forget_view": _session(_DESK),
        "list_colleagues": _session(_DESK),
        # Which action who may do: `domain.bulk`.
        "preview_bulk_action": _session(_DESK),
        "confirm_bulk_action": _session(_DESK),
        "undo_bulk_action": _session(_DESK),
        "list_bulk_actions": _session(_DESK),
        "list_bulk_practices": _session(_DESK),
        "export_practices": _session(_OFFICE),
        "list_doubtful_addresses": _session(_DESK),
        "settle_address": _session(_DESK),
        "put_address_back": _session(_DESK),
        "complete_address": _session(_DESK),
        "choose_address": _session(_DESK),
        "list_debtor_pairs": _session(_OFFICE),
        "decide_debtor_pair": _session(_OFFICE),
        "copy_subject_data": _session(_OFFICE),
        "object_to_learning": _session(_OFFICE),
        "export_outcomes": _session(_OFFICE),
        "export_creditor_account": _session(_OFFICE),
        # cash
        "read_cash_desk": _session(_OFFICE),
        "hand_in_cash": _session(_OFFICE),
        "bank_slip": _session(_OFFICE),
        "clear_payment": _session(_OFFICE),
        "credit_cards": _session(_OFFICE),
        "bounce_cheque": _session(_OFFICE),
        "confirm_transfer": _session(_OFFICE),
        "book_held_payment": _session(_OFFICE),
        "make_payment_link": _session(_OFFICE),
        "read_refused_report": _session(_OFFICE),
        "book_refused_money": _session(_OFFICE),
        "deny_refused_money": _session(_OFFICE),
        "preview_counter_payment": _session(_OFFICE),
        "take_counter_payment": _session(_OFFICE),
        "void_receipt": _session(_OFFICE),
        "refund_receipt": _session(_OFFICE),
        "list_receipt_series": _session(_OFFICE),
        "preview_allocation": _session(_OFFICE),
        # pads
        "list_pads": _session(_OFFICE),
        "register_pad": _session(_OFFICE),
        "print_pad": _session(_OFFICE),
        "read_pad_picture": _session(_OFFICE),
        "void_pad_form": _session(_OFFICE),
        "return_pad": _session(_OFFICE),
        "enter_pad_receipt": _session(_OFFICE),
        "enter_pad_notice": _session(_OFFICE),
        # books
        "read_figures": _session(_DESK),
        "list_figure_practices": _session(_DESK),
        "export_figures": _session(_DESK),
        "read_trial_balance": _session(_OFFICE),
        "read_account_statement": _session(_OFFICE),
        "export_trial_balance": _session(_OFFICE),
        "export_account_statement": _session(_OFFICE),
        # Between agency and creditor: not for who plans, let alone for agents and other systems.
        "read_commissions": _session(_OFFICE),
        "set_commission_rate": _session(_ADMIN),
        "preview_commission_closing": _session(_OFFICE),
        "close_commissions": _session(_OFFICE),
        "reverse_commission": _session(_OFFICE),
        "export_commission_closing": _session(_OFFICE),
        "watch_events": _session(_DESK),
        # exchange
        "read_feed": _service(),
        "write_balances": _service(),
        "write_recalls": _service(),
        "write_payments": _service(),
        "write_contacts": _service(),
        "list_service_accounts": _session(_ADMIN),
        "create_service_account": _session(_ADMIN),
        "revoke_service_account": _session(_ADMIN),
        "list_webhooks": _session(_ADMIN),
        "create_webhook": _session(_ADMIN),
        "pause_webhook": _session(_ADMIN),
        "resume_webhook": _session(_ADMIN),
        "end_webhook": _session(_ADMIN),
        "rotate_webhook_secret": _session(_ADMIN),
        "test_webhook": _session(_ADMIN),
        "list_webhook_deliveries": _session(_ADMIN),
        "resend_webhook_deliveries": _session(_ADMIN),
        "skip_webhook_deliveries": _session(_ADMIN),
        "list_export_plans": _session(_OFFICE),
        "create_export_plan": _session(_ADMIN),
        "change_export_plan": _session(_ADMIN),
        "pause_export_plan": _session(_ADMIN),
        "preview_export": _session(_ADMIN),
        "ask_export_host_key": _session(_ADMIN),
        "make_outgoing_file": _session(_OFFICE),
        "list_outgoing_files": _session(_OFFICE),
        "download_outgoing_file": _session(_OFFICE),
        "resend_outgoing_file": _session(_OFFICE),
        "list_told": _session(_DESK),
    }
)


def judge_access(operation: str, identity: Identity | None) -> Access:
    """The row that lets `identity` through, else a refusal.

    Raises Refusal `access.sign_in_needed` (nobody), `access.device_needed` (a desk at a phone's door),
    `access.device_revoked` or `access.not_your_role`. An operation without a row is a fault of ours: KeyError.
    """
    access = ACCESS[operation]
    if access.door is Door.OPEN:
        return access
    if identity is None:
        raise Refusal("access.sign_in_needed", kind=Kind.UNAUTHENTICATED)
    if access.door is Door.DEVICE and identity.device_id is None:
        raise Refusal("access.device_needed", kind=Kind.UNAUTHENTICATED)
    if identity.stopped and not access.stopped_too:
        raise Refusal("access.device_revoked", kind=Kind.FORBIDDEN)
    if identity.role not in access.roles:
        raise Refusal("access.not_your_role", kind=Kind.FORBIDDEN, details={"role": identity.role.value})
    return access
