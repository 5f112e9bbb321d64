"""Checks of rules against an event plan: located lints, each with the evidence of the plan."""
