# Dashboard, alerts and the log-based metric: files that `make metadata` writes of the registry of metrics.

locals {
  names = {
    job          = var.name
    subscription = var.events_subscription
    topic        = var.triggers_topic
    runbook      = var.runbook
  }
  alerts     = jsondecode(templatefile("${path.module}/alerts.json", local.names))
  log_metric = jsondecode(templatefile("${path.module}/log_metric.json", local.names))
}

resource "google_monitoring_dashboard" "job" {
  project        = var.project
  dashboard_json = templatefile("${path.module}/dashboard.json", local.names)
}

resource "google_logging_metric" "log_events" {
  project          = var.project
  name             = local.log_metric.name
  description      = local.log_metric.description
  filter           = local.log_metric.filter
  label_extractors = local.log_metric.labelExtractors

  metric_descriptor {
    metric_kind = local.log_metric.metricDescriptor.metricKind
    value_type  = local.log_metric.metricDescriptor.valueType
    unit        = local.log_metric.metricDescriptor.unit

    dynamic "labels" {
      for_each = local.log_metric.metricDescriptor.labels
      content {
        key         = labels.value.key
        value_type  = labels.value.valueType
        description = labels.value.description
      }
    }
  }
}

resource "google_monitoring_alert_policy" "alerts" {
  for_each              = { for name, alert in local.alerts : name => alert if !contains(var.without, name) }
  project               = var.project
  display_name          = each.value.displayName
  combiner              = each.value.combiner
  severity              = each.value.severity
  notification_channels = each.value.severity == "CRITICAL" ? var.channels_now : var.channels_today
  user_labels           = each.value.userLabels

  documentation {
    subject   = each.value.documentation.subject
    content   = each.value.documentation.content
    mime_type = each.value.documentation.mimeType
  }

  dynamic "conditions" {
    for_each = each.value.conditions
    content {
      display_name = conditions.value.displayName
      condition_prometheus_query_language {
        query               = conditions.value.conditionPrometheusQueryLanguage.query
        duration            = conditions.value.conditionPrometheusQueryLanguage.duration
        evaluation_interval = conditions.value.conditionPrometheusQueryLanguage.evaluationInterval
        # Until a job has run, no metric of it is known.
        disable_metric_validation = true
      }
    }
  }

  depends_on = [google_logging_metric.log_events]
}
