"""Thin HTTP controllers: guard, parse, one service call, render."""
