"""What the contacts of a run start from: the snapshots of an earlier one."""
