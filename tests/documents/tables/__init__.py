"""Tests of tables share the builders here."""
