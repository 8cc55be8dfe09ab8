"""An invented province to try the software with: real comuni, everything else made up from a seed."""

from fieldapp.demo.generator import CreditorFile, DemoSummary, generate

__all__ = ["CreditorFile", "DemoSummary", "generate"]
