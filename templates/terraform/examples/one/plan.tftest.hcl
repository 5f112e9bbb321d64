# A plan against made-up answers of Google: what is there before the first template, and after it.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project = "shop-1"
}

run "no_job_before_the_first_template" {
  command = plan

  assert {
    condition     = length(module.shop.job_ids) == 0
    error_message = "A job is launched without a template."
  }
}

run "one_job_with_a_template" {
  command = plan

  variables {
    tag = "1"
  }

  assert {
    condition     = length(module.shop.job_ids) == 1
    error_message = "No job is launched from the template."
  }
}
