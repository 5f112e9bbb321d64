# A network for workers without public addresses. They reach Google's services by private access, and nothing else.

resource "google_compute_network" "this" {
  project                 = var.project
  name                    = var.name
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "this" {
  project                  = var.project
  name                     = var.name
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.range
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# Dataflow gives its machines this tag; they talk to each other on these two ports, and nobody else to them.
resource "google_compute_firewall" "workers" {
  project     = var.project
  name        = "${var.name}-workers"
  network     = google_compute_network.this.id
  direction   = "INGRESS"
  source_tags = ["dataflow"]
  target_tags = ["dataflow"]
  priority    = 1000
  allow {
    protocol = "tcp"
    ports    = ["12345-12346"]
  }
}

# Only where workers have to reach something outside of Google, which the jobs here do not.
resource "google_compute_router" "egress" {
  count   = var.egress ? 1 : 0
  project = var.project
  name    = "${var.name}-egress"
  region  = var.region
  network = google_compute_network.this.id
}

resource "google_compute_router_nat" "egress" {
  count                              = var.egress ? 1 : 0
  project                            = var.project
  name                               = "${var.name}-egress"
  router                             = google_compute_router.egress[0].name
  region                             = var.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
