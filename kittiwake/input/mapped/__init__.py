"""Files whose records a shape file describes; loaded only where there is one."""
