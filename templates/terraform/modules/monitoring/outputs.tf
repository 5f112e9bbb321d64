output "dashboard" {
  value       = google_monitoring_dashboard.job.id
  description = "The dashboard's name."
}

output "alerts" {
  value       = { for name, alert in google_monitoring_alert_policy.alerts : name => alert.name }
  description = "The alerting policies, by name."
}
