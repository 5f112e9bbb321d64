"""Ordinary contacts decided by compiled code, where the wheel `kittiwake-native` is installed: ADR 0033."""
