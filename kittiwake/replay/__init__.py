"""Hosts without Beam: records in, decisions out; scenario files and explanations. Imports nothing by itself."""
