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

  # Of the file as it is: what is put into it may be known only after an apply, and its keys must be before.
  alert_names = setsubtract(keys(jsondecode(file("${path.module}/alerts.json"))), var.without)
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
  for_each              = local.alert_names
  project               = var.project
  display_name          = local.alerts[each.key].displayName
  combiner              = local.alerts[each.key].combiner
  severity              = local.alerts[each.key].severity
  notification_channels = local.alerts[each.key].severity == "CRITICAL" ? var.channels_now : var.channels_today
  user_labels           = local.alerts[each.key].userLabels

  documentation {
    subject   = local.alerts[each.key].documentation.subject
    content   = local.alerts[each.key].documentation.content
    mime_type = local.alerts[each.key].documentation.mimeType
  }

  dynamic "conditions" {
    for_each = local.alerts[each.key].conditions
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
