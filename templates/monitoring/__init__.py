"""Dashboard, alerts, log-based metrics and the page of metrics, all made of one registry (`make metadata`).

`registry` joins what the job counts with what Google's services count of it, `alerts` says when somebody gets up.
`dashboard`, `policies` and `page` write them down; Terraform's module `monitoring` reads what they write.
"""
