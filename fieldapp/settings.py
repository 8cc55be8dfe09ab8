"""Typed settings, from the environment (`FIELDAPP_...`); every default works on one bare machine."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from fieldapp.store.embedded import default_home


class Settings(BaseSettings):
    """What an operator may choose. See `docs/operations.md`."""

    model_config = SettingsConfigDict(env_prefix="FIELDAPP_", extra="ignore")

    database_url: str | None = None
    """A Postgres of version 15 or newer, as `fieldapp_app`; without it an embedded one is started."""
    owner_database_url: str | None = None
    """The same database as `fieldapp_owner`, for migrations."""
    home: Path = Field(default_factory=default_home)
    """Where an embedded database, blobs, the gazetteer and the basemap live."""
    blob_url: str | None = None
    """`s3://`, `gs://` or `az://` address of a bucket; without it a folder under `home`."""
    gazetteer: Path | None = None
    basemap: Path | None = None
    travel: Literal["great_circle", "valhalla", "osrm", "premises"] = "great_circle"
    """Where travel times come from; `premises` is a Valhalla of our own, over what `fieldapp roads build` made."""
    travel_url: str | None = Field(default=None, pattern=r"^https?://")
    """The Valhalla or OSRM server that is told where debtors and agents live (positions only); needed for both."""
    travel_profile: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_]+$")
    """Valhalla's costing or OSRM's profile, where it is not `auto` or `driving`."""
    travel_hours: str = ""
    """By how much ways take longer from which hour on (`07:30 1.4 1.2, 09:30 1`: in town and beyond), or, for a
    Valhalla that knows the speeds of each hour, the hours alone (`07:30, 09:30`). Empty: the same all day."""
    travel_kept_days: int = Field(default=30, ge=0, le=365)
    """So long answers are kept; 0: not at all."""
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None
    """The address that phones and debtors use, where it differs from host and port."""
    secret_key: SecretStr | None = None
    """64 hexadecimal digits; seals personal data. Without it a key file is made under `home`."""
    push_contact: str | None = Field(default=None, pattern=r"^(mailto:.+@.+|https://.+)$")
    """Whom a browser's push service may ask about our notices (`mailto:` or `https:`); without it none are sent."""
    push_local: bool = False
    """Push services on this machine and without TLS, for tests and demos; never in earnest."""
    stripe_key: SecretStr | None = None
    """The secret key of a Stripe account: with `stripe_webhook_secrets` debtors may pay by link."""
    stripe_webhook_secrets: SecretStr | None = None
    """What signs Stripe's events to `/api/v1/public/payment-links/events`; two with a comma while one is rolled."""
    stripe_url: str = Field(default="https://api.stripe.com", pattern=r"^https?://")
    session_hours: int = 12
    demo: bool = False
    """Invented data, ready sign-ins and a clock that can be moved."""
    webhooks_to_loopback: bool = False
    """Webhooks may go to this very machine, and without TLS: for tests and demos only."""
    webhooks_kept_days: int = Field(default=400, ge=7)
    """So long it is kept what was delivered to whom by webhook; what has not arrived is never cleared."""
    export_folder: Path | None = None
    """A mounted folder in whose sub-folders files for creditors may be laid down."""
    secure_cookies: bool = False
    """Set where the service is reached over HTTPS."""

    @property
    def blob_address(self) -> str:
        return self.blob_url or (self.home / "blobs").as_uri()

    @property
    def gazetteer_path(self) -> Path:
        return self.gazetteer or self.home / "gazetteer.sqlite"

    @property
    def roads_path(self) -> Path:
        return self.home / "roads"

    @property
    def basemap_path(self) -> Path:
        return self.basemap or self.home / "basemap.pmtiles"
